#pragma once
// One line per event, with fields: `2026-11-20T12:00:00.000Z info job_started job=7 nodes=n[1-4]`.
// Target `logging`, apart from `loop`, so that small programs do not carry it. Safe from any
// thread.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "lib/base/result.h"

namespace loop {

enum class LogLevel {
  error,  // someone must act
  warn,   // we went on regardless
  info,   // something a user asked for happened
  debug,  // for developers
};
std::string_view to_text(LogLevel level);
std::optional<LogLevel> log_level_from_text(std::string_view text);

enum class LogFormat { text, json };
std::string_view to_text(LogFormat format);
std::optional<LogFormat> log_format_from_text(std::string_view text);

/// A name and a value of a log line; text is only looked at during the call.
struct LogField {
  std::string_view name;
  std::variant<std::int64_t, std::uint64_t, double, bool, std::string_view> value;

  LogField(std::string_view n, std::signed_integral auto v) : name(n), value(std::int64_t{v}) {}
  LogField(std::string_view n, std::unsigned_integral auto v) : name(n), value(std::uint64_t{v}) {}
  LogField(std::string_view n, bool v) : name(n), value(v) {}
  LogField(std::string_view n, double v) : name(n), value(v) {}
  LogField(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  LogField(std::string_view n, std::string_view v) : name(n), value(v) {}
  LogField(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
};

struct LogOptions {
  std::string path;  // empty: standard error
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  std::size_t rotate_bytes = std::size_t{64} << 20;  // then log.1 and so on, up to
  std::size_t n_rotated = 3;
};

class Log {
 public:
  using Fields = std::initializer_list<LogField>;

  /// Error io when the file cannot be opened for appending.
  static base::Result<Log> open(const LogOptions& options);
  ~Log();
  Log(Log&&) noexcept;
  Log& operator=(Log&&) noexcept;

  void error(std::string_view event, Fields fields = {}) const;
  void warn(std::string_view event, Fields fields = {}) const;
  void info(std::string_view event, Fields fields = {}) const;
  void debug(std::string_view event, Fields fields = {}) const;

 private:
  struct State;
  explicit Log(std::unique_ptr<State> state);
  void write(LogLevel level, std::string_view event, Fields fields) const;
  std::unique_ptr<State> state_;
};

}  // namespace loop
