# frozen_string_literal: true

# Ruby runtime: loads the handler, then loops next -> handler -> response or error. Standard library only.
require "json"
require "net/http"

module PellicleRuntime
  VERSION = "0.1.0"
  JSON_TYPE = "application/json"

  # What a handler learns of its invocation.
  class Context
    attr_reader :aws_request_id, :invoked_function_arn, :client_context, :identity, :deadline_ms

    def initialize(headers)
      @aws_request_id = headers["lambda-runtime-aws-request-id"]
      @invoked_function_arn = headers["lambda-runtime-invoked-function-arn"]
      @deadline_ms = headers["lambda-runtime-deadline-ms"].to_i
      @client_context = parsed(headers["lambda-runtime-client-context"])
      @identity = parsed(headers["lambda-runtime-cognito-identity"])
    end

    def get_remaining_time_in_millis
      [deadline_ms - Process.clock_gettime(Process::CLOCK_REALTIME, :millisecond), 0].max
    end

    def function_name = ENV.fetch("AWS_LAMBDA_FUNCTION_NAME", nil)
    def function_version = ENV.fetch("AWS_LAMBDA_FUNCTION_VERSION", nil)
    def memory_limit_in_mb = ENV.fetch("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", nil)
    def log_group_name = ENV.fetch("AWS_LAMBDA_LOG_GROUP_NAME", nil)
    def log_stream_name = ENV.fetch("AWS_LAMBDA_LOG_STREAM_NAME", nil)

    private

    def parsed(text) = text && JSON.parse(text)
  end

  # The function cannot be started or its event or answer cannot be read; `type` is what the caller gets.
  class Fault < StandardError
    attr_reader :type

    def initialize(type, message)
      super(message)
      @type = type
    end
  end

  # Runtime API client over one kept connection.
  class Api
    ROOT = "/2018-06-01/runtime"

    def initialize(address)
      host, _, port = address.rpartition(":")
      @http = Net::HTTP.new(host, Integer(port), nil) # no proxy of the environment's
      @http.read_timeout = nil # the sandbox may be frozen while it waits
      @http.max_retries = 0
      @http.keep_alive_timeout = 86_400 # the platform closes when it wants to
      @headers = { "User-Agent" => "pellicle-ruby/#{RUBY_VERSION}-#{VERSION}" }
    end

    def next
      answer = send_to { Net::HTTP::Get.new("#{ROOT}/invocation/next", @headers) }
      raise "next answered #{answer.code}: #{answer.body.to_s[0, 200]}" unless answer.code == "200"

      answer
    end

    def respond(id, body, type) = report("#{ROOT}/invocation/#{id}/response", body, "Content-Type" => type)
    def error(id, details) = report("#{ROOT}/invocation/#{id}/error", JSON.generate(details), "Content-Type" => JSON_TYPE, "Lambda-Runtime-Function-Error-Type" => details["errorType"])
    def init_error(details) = report("#{ROOT}/init/error", JSON.generate(details), "Content-Type" => JSON_TYPE, "Lambda-Runtime-Function-Error-Type" => details["errorType"])

    private

    def report(path, body, headers)
      answer = send_to { Net::HTTP::Post.new(path, @headers.merge(headers)).tap { |post| post.body = body } }
      raise "#{path} answered #{answer.code}: #{answer.body.to_s[0, 200]}" if answer.code.to_i >= 500

      # 400, 403 and 413 end this invocation on the platform's side; the next one is not affected.
      warn "the Runtime API refused #{path}: #{answer.code} #{answer.body.to_s[0, 200]}" unless answer.code == "202"
    end

    # A kept connection may turn out to be closed.
    def send_to
      kept = @http.started?
      @http.start unless kept
      @http.request(yield)
    rescue EOFError, Errno::ECONNRESET, Errno::EPIPE
      raise unless kept

      @http.finish if @http.started?
      retry
    end
  end

  module_function

  # `file.method` or `file.Module::Class.method`; a method of the file's own is one of every object.
  def handler(name)
    file, *rest = name.split(".")
    raise Fault.new("Function<ArgumentError>", "Invalid handler #{name}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD where FILENAME corresponds with an existing Ruby source file FILENAME.rb") unless file && rest.length.between?(1, 2)

    require file
    receiver = rest.length == 2 ? Object.const_get(rest[0]) : TOPLEVEL_BINDING.receiver
    method = rest.last
    raise Fault.new("Runtime.HandlerNotFound", "Handler '#{method}' missing on '#{file}'") unless receiver.respond_to?(method, true)

    ->(event, context) { receiver.send(method, event: event, context: context) }
  rescue LoadError => e
    raise Fault.new("Init<LoadError>", e.message)
  end

  def details(error)
    type = error.is_a?(Fault) ? error.type : "Function<#{error.class}>"
    { "errorMessage" => error.message, "errorType" => type, "stackTrace" => error.backtrace || [] }
  end

  def handle(handler, answer)
    event = begin
      answer["content-type"].to_s.start_with?(JSON_TYPE) || answer["content-type"].nil? ? JSON.parse(answer.body, create_additions: false) : answer.body
    rescue JSON::ParserError => e
      raise Fault.new("Runtime.UnmarshalError", "Unable to unmarshal input: #{e.message}")
    end
    result = handler.call(event, Context.new(answer))
    return [result.read, "application/unknown"] if result.respond_to?(:read)

    [JSON.generate(result), JSON_TYPE]
  end

  def run(api, handler)
    loop do
      answer = api.next
      id = answer["lambda-runtime-aws-request-id"]
      ENV["_X_AMZN_TRACE_ID"] = answer["lambda-runtime-trace-id"]
      begin
        body, type = handle(handler, answer)
      rescue StandardError, ScriptError, SystemStackError, NoMemoryError => e
        told = details(e)
        warn JSON.generate(told)
        api.error(id, told)
      else
        api.respond(id, body, type)
      end
    end
  end

  def main
    $stdout.sync = $stderr.sync = true
    ENV.delete("_LAMBDA_TELEMETRY_LOG_FD") # the platform's private log channel; we write to stdout
    api = Api.new(ENV.fetch("AWS_LAMBDA_RUNTIME_API"))
    begin
      found = handler(ENV.fetch("_HANDLER", ""))
    rescue StandardError, ScriptError => e
      told = details(e)
      warn JSON.generate(told)
      api.init_error(told)
      exit 1
    end
    run(api, found)
  end
end

PellicleRuntime.main
