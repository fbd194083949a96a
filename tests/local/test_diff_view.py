from headroom.local.diff_view import without_what_stays

DIFF = """\
    ~ aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup: (update)
        [id=headroom-local]
      ~ connectionPoolConfig: {
          ~ maxConnectionsPercent: 45 => 46
        }
    ~ aws:cloudwatch/dashboard:Dashboard: (update)
      ~ dashboardBody: (json) {
            periodOverride: "inherit"
            start         : "-PT3H"
          ~ widgets       : [
                [0]: {
                    height    : 4
                    width     : 6
                }
              ~ [1]: {
                        title: "Writer"
                      ~ value: 450 => 460
                    }
            ]
        }
        dashboardName: "headroom-local"
Resources:
    ~ 2 to update
"""


def shown(text: str) -> str:
    return "".join(without_what_stays(text.splitlines(keepends=True)))


def test_of_a_json_document_only_what_changes_is_shown() -> None:
    assert (
        shown(DIFF)
        == """\
    ~ aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup: (update)
        [id=headroom-local]
      ~ connectionPoolConfig: {
          ~ maxConnectionsPercent: 45 => 46
        }
    ~ aws:cloudwatch/dashboard:Dashboard: (update)
      ~ dashboardBody: (json) {
            periodOverride: "inherit"
            start         : "-PT3H"
          ~ widgets       : [
              (4 lines that stay)
              ~ [1]: {
                        title: "Writer"
                      ~ value: 450 => 460
                    }
            ]
        }
        dashboardName: "headroom-local"
Resources:
    ~ 2 to update
"""
    )


def test_colours_do_not_hide_a_change() -> None:
    coloured = DIFF.replace("~ value", "\x1b[33m~ value").replace("~ dashboardBody", "\x1b[33m~ \x1b[0mdashboardBody")
    assert "450 => 460" in shown(coloured)
    assert "width" not in shown(coloured)


def test_everything_else_is_left_as_it_is() -> None:
    text = "Policies:\n    - [mandatory] x: (json) is no document\n      ~ y: {\n          a\n        }\n"
    assert shown(text) == text
