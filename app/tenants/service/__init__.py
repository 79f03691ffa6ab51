"""What the tenants' room does for edges and for the rooms above: one import, gathered from verb-named modules."""

from app.tenants.models import Role
from app.tenants.service.admins import (
    MadeAdmin,
    accept_admin_password,
    create_admin,
    current_code,
    find_admin,
    reset_second_factor,
)  # fmt: skip
from app.tenants.service.cookies import clear_sign_in_cookie, set_sign_in_cookie
from app.tenants.service.gates import GatePolicy, purge_sign_ins
from app.tenants.service.identity import TenantIdentity
from app.tenants.service.invitations import (
    InvitationView,
    Invited,
    OwnInvitation,
    accept_invitation,
    decline_invitation,
    invite,
    list_invitations,
    list_own_invitations,
    purge_invitations,
    withdraw_invitation,
)  # fmt: skip
from app.tenants.service.keys import SigningKeys, rotate_keys
from app.tenants.service.opening import (
    SYSTEM,
    NewShop,
    announce,
    ask_to_prepare,
    find_order,
    get_shop,
    list_shops,
    mark_ready,
    open_shop,
    page_of_shops,
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
    list_memberships,
    list_people,
    remove_member,
    sign_out_everywhere,
)  # fmt: skip
from app.tenants.service.premises import add_outlet, add_till, change_outlet, change_registration, rename_till
from app.tenants.service.profile import change_shop_profile, get_profile, keep_names, set_logo
from app.tenants.service.projections import (
    ask_to_push_entitlement,
    find_entitlement,
    find_member,
    find_member_rights,
    keep_entitlement,
    keep_member,
    list_kept_members,
    list_member_rights,
    read_dates,
    renew_members,
    stale_members,
    written_dates,
)  # fmt: skip
from app.tenants.service.restores import settle_restore
from app.tenants.service.sign_in import Enrolment, SignedIn, SignIns
from app.tenants.service.staff import StaffView, get_staff, list_staff, sign_out_member
from app.tenants.service.standing import PersonStanding, disable_person, enable_person, get_standing, names_of
from app.tenants.service.tokens import AccessTokens, Claims, IssuedToken
from app.tenants.service.views import (
    EntitlementDates,
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
    "SYSTEM", "AccessTokens", "Claims", "Enrolment", "EntitlementDates", "GatePolicy", "InvitationView", "Invited",
    "IssuedToken", "MadeAdmin", "MemberRightsView", "MemberView", "MembershipView", "NewPassword", "NewShop",
    "OpenedShop", "OutletView", "OwnInvitation", "Passwords", "PersonStanding", "PersonView", "ProfileView",
    "RegistrationView", "Role", "ShopView", "SignInPolicy", "SignIns", "SignedIn", "SigningKeys", "StaffView",
    "TenantIdentity", "TillView", "accept_admin_password", "accept_invitation", "add_member", "add_outlet",
    "add_till", "announce",
    "ask_to_prepare", "ask_to_push_entitlement", "build_identity", "change_outlet", "change_profile",
    "change_registration", "change_role", "change_shop_profile", "clear_sign_in_cookie", "create_admin",
    "create_person", "current_code", "decline_invitation", "disable_person", "enable_person", "find_admin",
    "find_entitlement", "find_member", "find_member_rights", "find_or_invite_person", "find_order", "find_person",
    "get_person", "get_profile", "get_shop", "get_staff", "get_standing", "invite", "keep_entitlement", "keep_member",
    "keep_names", "list_invitations", "list_kept_members", "list_member_rights", "list_memberships",
    "list_own_invitations", "list_people", "list_shops", "list_staff", "mark_ready", "names_of", "open_shop",
    "page_of_shops", "prepare_shop", "purge_invitations", "purge_sign_ins", "read_dates", "remove_member",
    "rename_till", "renew_members", "reset_second_factor", "rotate_keys", "set_logo", "set_sign_in_cookie",
    "settle_restore", "shop_view", "sign_out_everywhere", "sign_out_member", "stale_members", "withdraw_invitation",
    "write_rows", "written_dates",
]  # fmt: skip
