# http.sh HOST PORT METHOD PATH BODY: one request over the shell's own sockets; prints `accepted` when it is answered well or left waiting, else the status line.
exec 3<>"/dev/tcp/$1/$2" || { echo "no connection"; exit 1; }
printf '%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' "$3" "$4" "$1:$2" "${#5}" "$5" >&3
if IFS= read -r -t 0.4 -u 3 line; then
  case $line in *" 20"*) echo accepted ;; *) echo "${line%%[[:cntrl:]]*}" ;; esac
else
  echo accepted
fi
