"""What the tenants' room does for edges and for the rooms above: one import, gathered from verb-named modules."""

from app.tenants.models import Role
from app.tenants.service.cookies import clear_sign_in_cookie, set_sign_in_cookie
from app.tenants.service.identity import TenantIdentity
from app.tenants.service.keys import SigningKeys, rotate_keys
from app.tenants.service.opening import (
    NewShop,
    announce,
    ask_to_prepare,
    find_order,
    mark_ready,
    open_shop,
    prepare_shop,
    shop_view,
    write_rows,
)  # fmt: skip
from app.tenants.service.passwords import NewPassword, Passwords
from app.tenants.service.people import (
    add_member,
    change_profile,
    change_role,
    create_person,
    find_or_invite_person,
    find_person,
    get_person,
    invite_member,
    list_memberships,
    list_people,
    remove_member,
    sign_out_everywhere,
)  # fmt: skip
from app.tenants.service.projections import (
    ask_to_push_entitlement,
    find_entitlement,
    find_member,
    keep_entitlement,
    keep_member,
    read_dates,
)  # fmt: skip
from app.tenants.service.sign_in import Enrolment, SignedIn, SignIns
from app.tenants.service.tokens import AccessTokens, Claims, IssuedToken
from app.tenants.service.views import (
    EntitlementDates,
    InvitedMember,
    MemberRightsView,
    MembershipView,
    MemberView,
    OpenedShop,
    OutletView,
    PersonView,
    ProfileView,
    RegistrationView,
    ShopView,
    TillView,
)  # fmt: skip
from app.tenants.service.wiring import SignInPolicy, build_identity

__all__ = [
    "AccessTokens", "Claims", "Enrolment", "EntitlementDates", "InvitedMember", "IssuedToken", "MemberRightsView",
    "MemberView", "MembershipView", "NewPassword", "NewShop", "OpenedShop", "OutletView", "Passwords", "PersonView",
    "ProfileView", "RegistrationView", "Role", "ShopView", "SignInPolicy", "SignIns", "SignedIn", "SigningKeys",
    "TenantIdentity", "TillView", "add_member", "announce", "ask_to_prepare", "ask_to_push_entitlement",
    "build_identity", "change_profile", "change_role", "clear_sign_in_cookie", "create_person", "find_entitlement",
    "find_member", "find_or_invite_person", "find_order", "find_person", "get_person", "invite_member",
    "keep_entitlement", "keep_member", "list_memberships", "list_people", "mark_ready", "open_shop", "prepare_shop",
    "read_dates", "remove_member", "rotate_keys", "set_sign_in_cookie", "shop_view", "sign_out_everywhere",
    "write_rows",
]  # fmt: skip
