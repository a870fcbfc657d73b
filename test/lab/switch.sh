# The tracer on and off 200 times while other tasks run: patching the kernel's text under an emulator.
set -eu
cd /sys/kernel/tracing
# A part of the kernel's functions: all of them would take a second each time.
echo 'vfs_*' '*_sys_*' 'do_*' '*fault*' > set_ftrace_filter
for _ in 1 2; do
  (while :; do cat /proc/self/maps | wc -c > /dev/null; done) &
done
for round in $(seq 100); do
  for tracer in function_graph function; do
    echo "$tracer" > current_tracer
    echo nop > current_tracer
  done
done
kill $(jobs -p)
if dmesg | grep -iE 'oops|int3|lockup|stall|BUG'; then exit 1; fi
echo '200 times'
