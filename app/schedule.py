"""Owns the timetable: which job runs when, in IST. Nothing runs 02:00–04:00, when maintenance is."""

from app.kit.schedule import Entry

SCHEDULE = (
    Entry("amc-sweep", "00:10", "app.amc.jobs.sweep_trials"),
    Entry("schemes-sweep", "00:20", "app.schemes.jobs.sweep"),
    Entry("signing-keys", "00:40", "app.tenants.jobs.rotate_signing_keys"),
    Entry("purge-sign-ins", "00:50", "app.tenants.jobs.purge_sign_ins"),
    Entry("reconcile-members", "01:00", "app.tenants.jobs.reconcile_members"),
    Entry("reconcile-entitlements", "01:10", "app.amc.jobs.reconcile_entitlements"),
    Entry("purge", "01:20", "app.kit.housekeeping.purge"),
    Entry("purge-moved", "01:30", "app.console.jobs.purge_moved"),
    Entry("shop-figures", "*:40", "app.console.jobs.refresh_figures"),
    Entry("expire-exports", "*:05", "app.reports.jobs.expire_exports"),
    *(Entry(f"feed-{minute}", f"*:{minute}", "app.rates.jobs.fetch_feed") for minute in ("00", "15", "30", "45")),
    Entry("expire-uploads", "*:25", "app.vision.jobs.expire_uploads"),
)
