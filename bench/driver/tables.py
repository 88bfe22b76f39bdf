"""Markdown tables out of results."""
from .pairs import Spread, ratios


def count_text(value):
    """2.31M, 457k, 923."""
    if value >= 1e6:
        return f"{value / 1e6:.2f}M"
    return f"{value / 1e3:.0f}k" if value >= 1e4 else f"{value / 1e3:.1f}k" if value >= 1e3 else f"{value:.0f}"


def spread_text(spread, text):
    """Median (least to most)."""
    if spread is None:
        return "-"
    return f"{text(spread.median)} ({text(spread.low)} to {text(spread.high)})"


def ratio_text(spread):
    """A ratio with two or three digits."""
    return spread_text(spread, lambda value: f"{value:.0f}" if value >= 100 else f"{value:.3g}")


def markdown(header, rows):
    """A table, aligned so that it can be read as text too."""
    cells = [header, *rows]
    widths = [max(len(str(row[column])) for row in cells) for column in range(len(header))]
    lines = ["| " + " | ".join(str(cell).ljust(width) for cell, width in zip(row, widths)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def speed_table(rows, reference_name):
    """Throughput, CPU and memory of each row, and the ratio of pairs to the reference."""
    reference = next(row for row in rows if row.name == reference_name)
    table = []
    for row in rows:
        if row.skipped and not row.speed:
            table.append([row.name, f"skipped: {row.skipped}", "", "", "", "", ""])
            continue
        is_reference = row is reference
        table.append([
            row.name,
            spread_text(Spread.of(row.speed), count_text),
            "1" if is_reference else ratio_text(ratios(row, reference, "speed")),
            f"{Spread.of(row.cpu).median:.2f}",
            "1" if is_reference else ratio_text(ratios(row, reference, "cpu")),
            f"{Spread.of(row.handler_cpu).median:.2f}",
            f"{Spread.of(row.rss).median:.0f}",
        ])
    return markdown(["", "records/s", "ratio", "CPU s/M", "ratio", "handlers' CPU s/M", "peak RSS MB"], table)
