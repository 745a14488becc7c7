# Counts test results in the output of prove --verbose (TAP) or of pg_regress, and prints one line:
# PASSED FAILED SKIPPED. Only top-level TAP lines count; a skipped test is not a passed one.

# pg_regress of PostgreSQL 15: "test name ... ok  12 ms", in a parallel group "     name ... FAILED"
/^(test +| +)[^ ]+ +\.\.\. / {
	if ($0 ~ /\.\.\. ok/)
		passed++
	else
		failed++
	next
}

# TAP, and pg_regress since PostgreSQL 16: "ok 1 - name", "not ok 2 + name"
/^ok [0-9]/ {
	if (toupper($0) ~ /# *SKIP/)
		skipped++
	else
		passed++
}
/^not ok [0-9]/ {
	if (toupper($0) ~ /# *TODO/)
		skipped++
	else
		failed++
}

# A whole file skipped: "1..0 # SKIP reason", of which prove makes "t/file.pl .. skipped: reason"
/^1\.\.0/ { skipped++ }
/^t\/[^ ]+ \.+ skipped:/ { skipped++ }

END { print passed + 0, failed + 0, skipped + 0 }
