from weaklabel import progress


def test_with_nobody_listening_the_loop_is_plain():
    items = [1, 2, 3]

    assert progress.track(items, "votes") is items
    assert not progress.listening()


def test_whoever_listens_sees_each_step_with_its_label_and_total():
    seen = []

    def tracker(items, label, total):
        for item in items:
            seen.append((label, total, item))
            yield item

    with progress.using(tracker):
        assert progress.listening()
        assert list(progress.track("ab", "votes", 2)) == ["a", "b"]

    assert seen == [("votes", 2, "a"), ("votes", 2, "b")]


def test_the_listener_before_comes_back_after_the_block_and_after_an_error():
    outer, inner = (lambda items, label, total, sign=sign: [(sign, item) for item in items] for sign in "oi")

    with progress.using(outer):
        try:
            with progress.using(inner):
                assert progress.track("a", "votes") == [("i", "a")]
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            assert progress.track("a", "votes") == [("o", "a")]
        with progress.using(None):
            assert not progress.listening()

    assert not progress.listening()
