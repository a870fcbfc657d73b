# Unique function names with their calls: what a good awk program does with the same trace.
#
#    0)    node-218    |   fput() {          ->   1 fput
#    0)    node-218    |     fget();              2 fget
#    0)    node-218    |     fget();
#    0)    node-218    |   }
#
# Names are counted with their indent, and the indents joined at the end: 1.4 times as fast as cutting the
# bare name out of every line. Counting whole lines and cutting at the end would be 1.8 times as fast again,
# but a trace with arguments or return values has as many different lines as calls.
BEGIN { FS = "|" }

NF > 1 {
  paren = index($NF, "(")
  if (paren && !index($NF, "}")) calls[substr($NF, 1, paren - 1)]++
}

END {
  for (text in calls) {
    name = text
    sub(/^ +/, "", name)
    total[name] += calls[text]
  }
  for (name in total) print total[name], name
}
