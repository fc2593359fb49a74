# frozen_string_literal: true

require "stringio"

# A class of the file's own.
module Deep
  class Handlers
    def self.echo(event:, context:) = { "event" => event, "function" => context.function_name }
  end
end

def echo(event:, context:) = event
def raises(event:, context:) = raise(ArgumentError, "no good: ü")
def raw(event:, context:) = StringIO.new("\x00\xFFraw".b)
def big(event:, context:) = "x" * event["size"]
def not_json(event:, context:) = Float::NAN
def log(event:, context:)
  puts "to stdout"
  warn "to stderr"
end

def show_context(event:, context:)
  [context.aws_request_id.length, context.invoked_function_arn, context.function_version, context.memory_limit_in_mb, context.get_remaining_time_in_millis.between?(1, 900_000),
   context.client_context, context.identity]
end

def never(event:, context:)
  puts "began"
  sleep
end

def leaves(event:, context:) = exit!(3)
