#pragma once
// One run of a program that says things line by line, within limits of time and length.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/fd_watch.h"
#include "lib/loop/owned_fd.h"
#include "lib/loop/process.h"
#include "lib/loop/timer.h"

namespace loop {
class Loop;
}

namespace musterd {

class ProgramCall {
 public:
  struct Options {
    std::vector<std::string> words;  // the program's path and its arguments
    /// Its standard input. Absent: one that ends when this object does.
    std::optional<std::string> input;
    std::vector<std::string> secrets;  // that are left out of what it prints
    base::Duration limit{};            // of time; 0: none
  };
  struct End {
    int code = 0;
    int signal = 0;
    std::string why;  // it did not end well, in words with its last ones; empty: it did

    bool is_good() const { return why.empty(); }
  };
  struct Events {
    std::function<void(std::string_view)> said;        // a line of its standard output
    std::function<void(std::string_view)> complained;  // one of its standard error
    std::function<void(const End&)> ended;             // once; may destroy the object
  };

  /// Errors as loop::Process::spawn.
  static base::Result<std::unique_ptr<ProgramCall>> start(loop::Loop& loop, Options options,
                                                          Events events);
  /// The program runs on, if it does; nothing is told any more.
  ~ProgramCall();

  /// It got something done: its time begins anew.
  void goes_on();
  /// TERM for it and all that it started, and KILL when that has no effect.
  void stop(const std::string& why);
  /// The program and its last argument, for people: "azure create".
  const std::string& name() const { return name_; }

 private:
  /// Makes lines of bytes.
  struct Lines {
    std::string rest;
    std::size_t n_bytes = 0;
    std::size_t n_lines = 0;
  };

  ProgramCall(loop::Loop& loop, Options options, Events events);
  base::Result<void> spawn(loop::Loop& loop);
  void read(int fd, Lines& lines, const std::function<void(std::string_view)>& take);
  void cut(Lines& lines, const std::function<void(std::string_view)>& take);
  void check_length(Lines& lines);
  void take_line(std::string_view line, const std::function<void(std::string_view)>& take);
  void drain();
  void remember(std::string_view line);
  void is_overdue();
  void ended(const loop::ExitStatus& status);
  std::string describe(const loop::ExitStatus& status) const;

  Options options_;
  Events events_;
  std::string name_;
  loop::OwnedFd input_;  // the end that is held
  loop::OwnedFd output_;
  loop::OwnedFd error_;
  Lines output_lines_;
  Lines error_lines_;
  std::vector<std::string> last_words_;
  std::string why_stopped_;
  loop::Timer timer_;
  std::optional<loop::FdWatch> watch_output_;
  std::optional<loop::FdWatch> watch_error_;
  std::optional<loop::Process> process_;
};

/// The path of a provider's program: one with a slash as it is, and otherwise one of those that
/// come with Muster.
base::Result<std::string> provider_program(const std::string& word);

}  // namespace musterd
