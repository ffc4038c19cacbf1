"""Everything about people: signing in, one's own account, and who may do what.

allauth finds its pages by these names. What it could do and we do not use (addresses to confirm,
codes by mail, passkeys, other sites' sign-ins) has no URL.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from django.urls import path, re_path

from portal.people import sign_in, views

urlpatterns = [
    # Signing in
    path("accounts/login/", sign_in.SignIn.as_view(), name="account_login"),
    path("accounts/login/code/", sign_in.Code.as_view(), name="mfa_authenticate"),
    path("accounts/logout/", sign_in.SignOut.as_view(), name="account_logout"),
    path("accounts/signup/", sign_in.sign_up, name="account_signup"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    # A forgotten password
    path("accounts/password/reset/", sign_in.PasswordLink.as_view(), name="account_reset_password"),
    path("accounts/password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        sign_in.PasswordChoose.as_view(),
        name="account_reset_password_from_key",
    ),
    # One's own account
    path("accounts/confirm/", sign_in.Confirm.as_view(), name="account_reauthenticate"),
    path("accounts/confirm/code/", sign_in.ConfirmCode.as_view(), name="mfa_reauthenticate"),
    path("accounts/password/", sign_in.PasswordChange.as_view(), name="account_change_password"),
    path("accounts/second-factor/", mfa.index, name="mfa_index"),
    path("accounts/second-factor/set-up/", sign_in.SecondFactorSetUp.as_view(), name="mfa_activate_totp"),
    path("accounts/second-factor/remove/", sign_in.SecondFactorRemove.as_view(), name="mfa_deactivate_totp"),
    path("accounts/recovery-codes/", sign_in.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path(
        "accounts/recovery-codes/new/",
        sign_in.RecoveryCodesRenew.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "accounts/recovery-codes/download/",
        recovery_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path("accounts/devices/", sign_in.Devices.as_view(), name="usersessions_list"),
    path("session/", sign_in.session, name="session"),
    # Who may do what
    path("people/", views.people_list, name="people-list"),
    path("people/add/", views.people_add, name="people-add"),
    path("people/<int:pk>/", views.people_edit, name="people-edit"),
    path("people/<int:pk>/link/", views.people_link, name="people-link"),
    path("people/<int:pk>/second-factor/", views.people_second_factor, name="people-second-factor"),
    path("people/<int:pk>/sign-out/", views.people_sign_out, name="people-sign-out"),
    path("people/<int:pk>/active/", views.people_active, name="people-active"),
]
