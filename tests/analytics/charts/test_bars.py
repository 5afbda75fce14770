"""Do bars lie where their numbers say, and tell shares from counts?"""

from analytics.charts.bars import Bar, Part, bar_chart
from analytics.metrics.measures import Interval, Measure, undefined


def test_a_measure_lies_with_its_interval_on_the_axis_of_the_bars() -> None:
    share = Measure(0.5, interval=Interval(0.4, 0.6))
    chart = bar_chart([Bar("a", (Part(0.25),), share), Bar("b", (), undefined("Nothing."))], is_share=True)
    first, second = chart.rows
    assert first.whisker is not None
    assert first.whisker.low < first.whisker.x < first.whisker.high <= chart.right
    assert first.placed_parts[0].width < first.whisker.x - chart.left
    assert (second.whisker, second.placed_parts) == (None, ())


def test_shares_never_pass_the_whole_and_counts_have_whole_ticks() -> None:
    chart = bar_chart([Bar("a", (Part(0.97),))], is_share=True, reference=0.9)
    assert chart.ticks[-1].number == 1.0
    assert chart.reference is not None
    counts = bar_chart([Bar("a", (Part(1),)), Bar("b", (Part(2),))])
    assert [tick.number for tick in counts.ticks] == [0, 1, 2]
    assert bar_chart([Bar("a", (Part(0),))]).rows[0].placed_parts == ()


def test_parts_follow_each_other() -> None:
    (row,) = bar_chart([Bar("a", (Part(3), Part(0), Part(1, is_light=True)))]).rows
    first, second = row.placed_parts
    assert second.x == first.x + first.width
    assert second.part.is_light
