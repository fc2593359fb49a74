# http.sh HOST PORT METHOD PATH BODY: one request over the shell's own sockets; prints the status line, or `waits` when none comes.
exec 3<>"/dev/tcp/$1/$2" || { echo "no connection"; exit 1; }
printf '%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' "$3" "$4" "$1:$2" "${#5}" "$5" >&3
if IFS= read -r -t 0.4 -u 3 line; then echo "${line%%[[:cntrl:]]*}"; else echo waits; fi
