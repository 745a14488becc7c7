# Makes the report out of the lines that measure.sh wrote: medians, the spread (least..greatest) and ratios.
# Variable format: table, json, or svg: a bar for each ratio of speeds or times.

BEGIN {
	FS = "\t"
}

$1 == "sample" {
	id = $2 FS $3 FS $4
	sample[id, ++count[id]] = $5 + 0
}

$1 == "describe" { about[$2] = $3 }
$1 == "note" { notes[$2] = notes[$2] "  " $3 "\n" }

$1 == "compare" { comparison[++comparisons] = $0 }

END {
	if (format == "svg")
		begin_plot()
	for (i = 1; i <= comparisons; i++)
		report(comparison[i])
	if (format == "table")
		end_work()
	if (format == "svg")
		print "</svg>"
}

# Sets median, least, greatest and runs to those of a contender's figures.
function summarize(id,    n, i, j, swap, sorted)
{
	n = count[id]
	if (n == 0) {
		print "report: nothing was measured for " id >"/dev/stderr"
		exit 1
	}
	for (i = 1; i <= n; i++) {
		sorted[i] = sample[id, i]
		for (j = i; j > 1 && sorted[j - 1] > sorted[j]; j--) {
			swap = sorted[j]
			sorted[j] = sorted[j - 1]
			sorted[j - 1] = swap
		}
	}
	median = n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
	least = sorted[1]
	greatest = sorted[n]
	runs = n
}

function report(line,    f, ours, ours_least, ours_greatest, ratio)
{
	split(line, f, FS)
	summarize(f[2] FS f[5] FS f[4])
	ours = median
	ours_least = least
	ours_greatest = greatest
	summarize(f[2] FS f[7] FS f[4])
	ratio = median > 0 ? ours / median : 0
	if (format == "svg")
		draw(f[2], f[3], f[4], f[6], ratio)
	else if (format == "json")
		printf "{\"work\": %s, \"case\": %s, \"unit\": %s, \"ours\": %s, \"opponent\": %s, \"theirs\": %s, " \
			"\"ratio\": %.3f, \"runs\": %d, \"spread\": {\"ours\": [%s, %s], \"theirs\": [%s, %s]}, " \
			"\"bar\": %s, \"met\": %s}\n",
			quote(f[2]), quote(f[3]), quote(f[4]), plain(ours), quote(f[6]), plain(median), ratio, runs,
			plain(ours_least), plain(ours_greatest), plain(least), plain(greatest),
			f[8] == "" ? "null" : quote(f[8]),
			f[8] == "" ? "null" : meets(f[8], ours, ratio) ? "true" : "false"
	else {
		if (f[2] != work)
			start_work(f[2])
		row(f[3], f[4], human(ours), human(ours_least) ".." human(ours_greatest), f[6], human(median),
			human(least) ".." human(greatest), sprintf("%.2f", ratio),
			f[8] == "" ? "" : f[8] (meets(f[8], ours, ratio) ? ": met" : ": MISSED"))
	}
}

# ---- the plot ----

# Only what a reader compares at a glance: speeds and times, and how many times as fast we are.
function is_plotted(unit)
{
	return unit == "rows/s" || unit ~ /^ms/
}

function begin_plot(    i, f)
{
	for (i = 1; i <= comparisons; i++) {
		split(comparison[i], f, FS)
		bars += is_plotted(f[4])
	}
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"960\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n", 24 * bars + 60
	print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
	print "<text x=\"10\" y=\"20\" font-size=\"14\">bigtable_fdw beside others: how many times as fast (logarithmic scale)</text>"
	for (i = -1; i <= 2; i++)
		printf "<line x1=\"%d\" x2=\"%d\" y1=\"32\" y2=\"%d\" stroke=\"%s\"/><text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"#555\">%s</text>\n",
			place(10 ^ i), place(10 ^ i), 24 * bars + 40, i == 0 ? "#333" : "#ddd", place(10 ^ i), 24 * bars + 54, 10 ^ i
}

# Where a ratio is on the scale, from 0.05 to 200.
function place(ratio)
{
	if (ratio < 0.05) ratio = 0.05
	if (ratio > 200) ratio = 200
	return int(480 + 150 * log(ratio) / log(10))
}

function draw(work, what, unit, opponent, ratio,    y, from, to)
{
	if (!is_plotted(unit) || ratio <= 0)
		return
	if (unit != "rows/s")
		ratio = 1 / ratio		# less time is faster
	y = 38 + 24 * drawn++
	from = place(ratio < 1 ? ratio : 1)
	to = place(ratio < 1 ? 1 : ratio)
	printf "<text x=\"280\" y=\"%d\" text-anchor=\"end\">%s</text>", y + 13, escape(work ": " what ", " unit)
	printf "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"16\" fill=\"%s\"/>", from, y, (to > from ? to - from : 1),
		(ratio < 1 ? "#d08770" : "#5e81ac")
	printf "<text x=\"%d\" y=\"%d\">%s x %s</text>\n", to + 6, y + 13, digits(ratio), escape(opponent)
}

function escape(text)
{
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	return text
}

# True if the figures are on the right side of a bar, such as "ratio >= 1".
function meets(bar, ours, ratio,    f, value)
{
	split(bar, f, " ")
	value = f[1] == "ours" ? ours : ratio
	if (f[2] == "<") return value < f[3]
	if (f[2] == "<=") return value <= f[3]
	if (f[2] == ">") return value > f[3]
	return value >= f[3]
}

function start_work(name)
{
	end_work()
	work = name
	printf "\n%s: %s\n", name, about[name]
	row("", "unit", "ours", "spread", "opponent", "theirs", "spread", "ratio", "bar")
}

function end_work()
{
	if (work != "" && notes[work] != "")
		printf "%s", notes[work]
}

function row(what, unit, ours, ours_spread, opponent, theirs, their_spread, ratio, bar,    text)
{
	text = sprintf("  %-29s %-17s %6s  %-14s %-25s %6s  %-14s %6s  %s", what, unit, ours, ours_spread,
		opponent, theirs, their_spread, ratio, bar)
	sub(/ +$/, "", text)
	print text
}

# A number for a reader: three digits count.
function human(x)
{
	if (x >= 1e6) return digits(x / 1e6) "M"
	if (x >= 1000) return digits(x / 1000) "k"
	return digits(x)
}

function digits(x)
{
	return sprintf(x >= 99.95 ? "%.0f" : x >= 9.995 ? "%.1f" : x >= 0.9995 ? "%.2f" : "%.3f", x)
}

# A number for a program.
function plain(x)
{
	return x == int(x) ? sprintf("%d", x) : sprintf("%.3f", x)
}

function quote(text)
{
	gsub(/["\\]/, "\\\\&", text)
	return "\"" text "\""
}
