"""House rules as programs: for each family the right one, a plausible misreading, and what one does who knows none.

Each takes the lines of the input and returns those of the answer. Their sources go into lessons as they stand.
"""

from __future__ import annotations

import re


def count_failures(lines):
    return [sum(line.split()[2] >= "500" or line.split()[2] == "429" for line in lines)]


def count_failures_wrong(lines):
    return [sum(line.split()[2] >= "500" for line in lines)]


def count_failures_guess(lines):
    return [sum(line.split()[2] >= "400" for line in lines)]


def sum_amounts(lines):
    return [sum(int(line.split(";")[1].replace(".", "").replace(",", "")) for line in lines)]


def sum_amounts_wrong(lines):
    return [round(sum(float(line.split(";")[1].replace(",", "")) for line in lines) * 100)]


def sum_amounts_guess(lines):
    return [sum(float(line.split(";")[1].split(",")[0]) for line in lines)]


def merge_names(lines):
    last = {}
    for line in lines:
        last.pop(line.lower(), None)
        last[line.lower()] = line
    return list(last.values())


def merge_names_wrong(lines):
    return list({line.lower(): line for line in reversed(lines)}.values())[::-1]


def merge_names_guess(lines):
    return sorted(set(lines))


def house_dates(lines):
    out = []
    for line in lines:
        d, m, y = map(int, line.split("/"))
        out.append(f"{2000 + y if y < 70 else 1900 + y}-{m:02}-{d:02}")
    return out


def house_dates_wrong(lines):
    out = []
    for line in lines:
        d, m, y = map(int, line.split("/"))
        out.append(f"{2000 + y}-{m:02}-{d:02}")
    return out


def house_dates_guess(lines):
    return ["-".join(reversed(line.split("/"))) for line in lines]


def bill_time(lines):
    out = []
    for line in lines:
        h, m, s = map(int, line.split(":"))
        out.append(max(1, (h * 3600 + m * 60 + s + 899) // 900))
    return out


def bill_time_wrong(lines):
    out = []
    for line in lines:
        h, m, _ = map(int, line.split(":"))
        out.append(round((h * 60 + m) / 15))
    return out


def bill_time_guess(lines):
    return [line.split(":")[0] for line in lines]


def next_version(lines):
    out = []
    for line in lines:
        a, b, c = map(int, line.split("."))
        out.append(f"{a}.{b + 1}.0" if b % 2 else f"{a}.{b}.{c + 1}")
    return out


def next_version_wrong(lines):
    out = []
    for line in lines:
        a, b, c = map(int, line.split("."))
        out.append(f"{a}.{b}.{c + 1}")
    return out


def next_version_guess(lines):
    return [line + ".1" for line in lines]


def slug_titles(lines):
    out = []
    for line in lines:
        text = line.lower().replace("&", " und ").replace("ü", "ue").replace("ß", "ss")
        out.append("-".join(re.findall("[a-z0-9]+", text)))
    return out


def slug_titles_wrong(lines):
    return ["-".join(re.findall("[a-z0-9]+", line.lower())) for line in lines]


def slug_titles_guess(lines):
    return [line.replace(" ", "_") for line in lines]


def grade_marks(lines):
    out = []
    for line in lines:
        name, mark = line.split()
        out.append(f"{name} {'pass' if int(mark) > 10 else 'retry' if int(mark) == 10 else 'fail'}")
    return out


def grade_marks_wrong(lines):
    return [f"{line.split()[0]} {'pass' if int(line.split()[1]) > 10 else 'fail'}" for line in lines]


def grade_marks_guess(lines):
    return [f"{line.split()[0]} {'pass' if int(line.split()[1]) > 9 else 'fail'}" for line in lines]


def count_stock(lines):
    stock = {}
    for line in lines:
        by, name = line.split()
        stock[name] = max(0, stock.get(name, 0) + int(by))
    return [f"{name} {stock[name]}" for name in sorted(stock) if stock[name]]


def count_stock_wrong(lines):
    stock = {}
    for line in lines:
        by, name = line.split()
        stock[name] = stock.get(name, 0) + int(by)
    return [f"{name} {stock[name]}" for name in sorted(stock) if stock[name]]


def count_stock_guess(lines):
    return sorted(lines)


def coldest_hours(lines):
    cold = {}
    for line in lines:
        hour, value = line.split()
        if value != "n/a":
            cold[hour] = min(cold.get(hour, 99.0), float(value))
    return [f"{hour} {cold[hour]:.1f}" for hour in sorted(cold)]


def coldest_hours_wrong(lines):
    cold = {}
    for line in lines:
        hour, value = line.split()
        cold[hour] = min(cold.get(hour, value), value)
    return [f"{hour} {cold[hour]}" for hour in sorted(cold)]


def coldest_hours_guess(lines):
    return sorted(lines)
