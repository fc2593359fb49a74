# What looks at processes, and shows no environment.
ps aux | grep -c '^USER'
ps -ef | grep -c '^UID'
top -b -n1 | grep -c 'load average'
pgrep -c no-such-program
cat /proc/self/stat /proc/self/statm /proc/self/status /proc/self/cmdline /proc/self/maps /proc/self/limits /proc/$PPID/stat /proc/$PPID/status /proc/$PPID/cmdline >/dev/null && echo read
