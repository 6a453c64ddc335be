#include "lib/loop/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <exception>
#include <utility>

#include "lib/base/overloaded.h"
#include "lib/loop/clock.h"

namespace loop {

namespace {

constexpr std::array<std::string_view, 4> level_names{"error", "warn", "info", "debug"};
constexpr std::array<std::string_view, 2> format_names{"text", "json"};

template <class Enum, std::size_t n>
std::optional<Enum> find_name(const std::array<std::string_view, n>& names, std::string_view text) {
  for (std::size_t i = 0; i < n; ++i) {
    if (names[i] == text) {
      return static_cast<Enum>(i);
    }
  }
  return std::nullopt;
}

/// With quotes, and escapes as in JSON.
void append_quoted(std::string& line, std::string_view text) {
  line += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      line += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      line += c;
    }
  }
  line += '"';
}

bool needs_quotes(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '\\' || c == '=' || c == 0x7f) {
      return true;
    }
  }
  return text.empty();
}

void append_value(std::string& line, const LogField& field, LogFormat format) {
  const auto append_text = [&](std::string_view text) {
    if (format == LogFormat::json || needs_quotes(text)) {
      append_quoted(line, text);
    } else {
      line += text;
    }
  };
  const auto append_double = [&](double number) {
    line += std::isfinite(number) || format == LogFormat::text ? fmt::format("{}", number) : "null";
  };
  std::visit(base::Overloaded{
                 [&](std::int64_t number) { line += std::to_string(number); },
                 [&](std::uint64_t number) { line += std::to_string(number); },
                 append_double,
                 [&](bool truth) { line += truth ? "true" : "false"; },
                 append_text,
             },
             field.value);
}

std::string text_line(LogLevel level, std::string_view event, Log::Fields fields) {
  std::string line = base::to_text(now());
  line.append(" ").append(to_text(level)).append(" ").append(event);
  for (const auto& field : fields) {
    line.append(" ").append(field.name).append("=");
    append_value(line, field, LogFormat::text);
  }
  return line;
}

std::string json_line(LogLevel level, std::string_view event, Log::Fields fields) {
  std::string line = "{\"time\":\"" + base::to_text(now()) + "\",\"level\":\"";
  line.append(to_text(level)).append("\",\"event\":");
  append_quoted(line, event);
  for (const auto& field : fields) {
    line += ',';
    append_quoted(line, field.name);
    line += ':';
    append_value(line, field, LogFormat::json);
  }
  return line + "}";
}

}  // namespace

std::string_view to_text(LogLevel level) {
  return level_names.at(static_cast<std::size_t>(level));
}

std::optional<LogLevel> log_level_from_text(std::string_view text) {
  return find_name<LogLevel>(level_names, text);
}

std::string_view to_text(LogFormat format) {
  return format_names.at(static_cast<std::size_t>(format));
}

std::optional<LogFormat> log_format_from_text(std::string_view text) {
  return find_name<LogFormat>(format_names, text);
}

struct Log::State {
  LogLevel level;
  LogFormat format;
  spdlog::logger logger;
};

Log::Log(std::unique_ptr<State> state) : state_(std::move(state)) {}
Log::~Log() = default;
Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&&) noexcept = default;

base::Result<Log> Log::open(const LogOptions& options) {
  spdlog::sink_ptr sink;
  try {
    if (options.path.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      // Names of jobs and users are not for all.
      spdlog::file_event_handlers handlers;
      handlers.after_open = [](const spdlog::filename_t&, std::FILE* file) {
        (void)fchmod(fileno(file), S_IRUSR | S_IWUSR | S_IRGRP);
      };
      sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          options.path, options.rotate_bytes, options.n_rotated, false, handlers);
    }
  } catch (const std::exception& error) {
    return base::fail(base::Code::io,
                      "cannot write the log '" + options.path + "': " + error.what());
  }
  auto state = std::make_unique<State>(
      State{options.level, options.format, spdlog::logger("muster", std::move(sink))});
  state->logger.set_pattern("%v");
  state->logger.set_level(spdlog::level::trace);
  state->logger.flush_on(spdlog::level::trace);
  return Log(std::move(state));
}

void Log::write(LogLevel level, std::string_view event, Fields fields) const {
  if (level > state_->level) {
    return;
  }
  const std::string line = state_->format == LogFormat::json ? json_line(level, event, fields)
                                                             : text_line(level, event, fields);
  // Levels are chosen above; spdlog only carries the line. A full disk must not end the program:
  // spdlog reports that on standard error itself, at most once a second.
  state_->logger.log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

void Log::error(std::string_view event, Fields fields) const {
  write(LogLevel::error, event, fields);
}

void Log::warn(std::string_view event, Fields fields) const {
  write(LogLevel::warn, event, fields);
}

void Log::info(std::string_view event, Fields fields) const {
  write(LogLevel::info, event, fields);
}

void Log::debug(std::string_view event, Fields fields) const {
  write(LogLevel::debug, event, fields);
}

}  // namespace loop
