"""Good requests of people and of what a shop says of itself."""

import io
import secrets
from collections.abc import Callable
from typing import Any

from app.kit.ports import Bucket
from app.vision import service as vision
from tests.factories.people import a_phone
from tests.support import pictures
from tests.support.cast import GSTIN, PASSWORD
from tests.support.good_asks.stage import Ask, Make, Stage, numbers, plain, till_code


def _uploaded(stage: Stage) -> Ask:
    key = vision.incoming_key(stage.asha.shop_id)
    stage.runtime.store.put(
        Bucket.INCOMING, key, io.BytesIO(pictures.encoded(pictures.ring((64, 64)))), content_type="image/jpeg"
    )
    return Ask(stage.asha.token, {}, {"uploadKey": key, "itemId": str(stage.world.things["item_id"])})


def _profile(stage: Stage) -> Ask:
    body = {
        "name": "Asha Jewellers", "nameLocal": "आशा ज्वेलर्स", "legalName": "Asha Jewellers", "phone": a_phone(),
        "locale": "en", "rateBasis": "fineness",
    }  # fmt: skip
    return Ask(stage.asha.token, {}, body, stage.version_of_profile())


def _of_profile(body: Callable[[Stage], Any]) -> Make:
    """Registration, outlets and tills have the profile's version."""
    return lambda stage: Ask(stage.asha.token, {}, body(stage), stage.version_of_profile())


def _logo(stage: Stage) -> Any:
    return {"uploadKey": _uploaded(stage).body["uploadKey"]}


def _registration(stage: Stage) -> Any:
    return {"gstin": GSTIN["asha"], "legalName": f"Asha Jewellers {next(numbers)}", "composition": False}


def _outlet(stage: Stage) -> Any:
    return {
        "name": "Asha Jewellers", "address": f"{next(numbers)} Zaveri Bazaar", "city": "Mumbai", "pin": "400002",
        "bisRegistration": "HM/C-7190000000",
    }  # fmt: skip


def _till(stage: Stage) -> Any:
    return {"outletId": str(stage.asha.shop.outlet_id), "code": till_code(), "name": "Upstairs"}


def _new_outlet(stage: Stage) -> Any:
    return {**_outlet(stage), "registrationId": str(stage.asha.shop.registration_id), "tillCode": till_code()}


def _signing_in(stage: Stage) -> Ask:
    return Ask(None, {}, {"email": stage.somebody()[1], "password": PASSWORD, "newPassword": "Marigold-river-42-lamps"})


def _new_password(stage: Stage) -> Ask:
    body = {"oldPassword": PASSWORD, "newPassword": "Marigold-river-42-lamps"}
    return Ask(stage.somebody()[2], {}, body)


def _oneself(stage: Stage) -> Ask:
    return Ask(stage.somebody()[2], {}, {"name": "Nila", "phone": a_phone(), "locale": "en"}, 1)


def _invited(stage: Stage) -> Ask:
    email = f"new-{secrets.token_hex(6)}@example.test"
    return Ask(stage.asha.token, {}, {"email": email, "name": "Uma", "phone": a_phone(), "role": "clerk"})


def _joining(stage: Stage) -> Ask:
    email = f"new-{secrets.token_hex(6)}@example.test"
    return Ask(None, {}, {"email": email, "code": stage.invitation(email).code, "password": "a song of my own"})


def _accepting(stage: Stage) -> Ask:
    """Ravi asks a clerk of Asha's."""
    _person_id, email, token = stage.somebody()
    asked = stage.invitation(email, stage.cast.ravi)
    return Ask(token, {"invitation_id": asked.invitation.id}, {"code": asked.code})


def _role(stage: Stage) -> Ask:
    return Ask(stage.asha.token, {"person_id": stage.somebody()[0]}, {"role": "manager"}, 1)


GOOD: dict[str, Make] = {
    "images.add_picture": _uploaded,
    "images.make_upload_link": plain(lambda: {"length": 1000, "contentType": "image/png"}),
    "auth.sign_in": _signing_in,
    "auth.change_password": _new_password,
    "auth.change_me": _oneself,
    "auth.join": _joining,
    "auth.accept_invitation": _accepting,
    "people.invite_member": _invited,
    "people.change_role": _role,
    "profile.change_shop_profile": _profile,
    "logo.set_logo": _of_profile(_logo),
    "profile.change_registration": _of_profile(_registration),
    "profile.change_outlet": _of_profile(_outlet),
    "profile.add_till": _of_profile(_till),
    "profile.add_outlet": _of_profile(_new_outlet),
    "profile.rename_till": _of_profile(lambda stage: {"name": f"Front {next(numbers)}"}),
}
