# Makes the report out of the lines that measure.sh wrote: medians, the spread (least..greatest) and ratios.
# Variable format: table or json.

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
	for (i = 1; i <= comparisons; i++)
		report(comparison[i])
	if (format == "table")
		end_work()
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
	if (format == "json")
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
