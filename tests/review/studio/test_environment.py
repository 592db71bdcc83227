"""What the server is told by its environment."""

from weaklabel.review.studio.environment import environment


def test_nothing_of_the_callers_reaches_the_server_that_could_change_it(tmp_path, monkeypatch):
    for name in ("DATABASE_NAME", "POSTGRE_HOST", "PORT", "LABEL_STUDIO_API_KEY", "SENTRY_DSN"):
        monkeypatch.setenv(name, "of the caller")

    assert "of the caller" not in environment(tmp_path).values()


def test_calling_back_to_this_machine_is_off_until_asked_for(tmp_path):
    guarded, lifted = environment(tmp_path), environment(tmp_path, callbacks=True)

    changed = {name: (guarded[name], lifted[name]) for name in guarded if guarded[name] != lifted[name]}

    assert changed == {"SSRF_PROTECTION_ENABLED": ("true", "false"), "ML_BLOCK_LOCAL_IP": ("true", "false")}


def test_whoever_writes_waits_its_turn_while_another_writes(studio):
    told = (studio.home / "data" / "settings" / "weaklabel_settings.py").read_text()

    assert '"transaction_mode": "IMMEDIATE"' in told
