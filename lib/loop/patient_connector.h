#pragma once
// Connects to somebody who is about to listen, at one of several addresses.

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/address.h"
#include "lib/loop/clock.h"
#include "lib/loop/stream.h"

namespace loop {

class Loop;

/// Dials all addresses at once, each again and again, until one answers; destroying it gives up.
class PatientConnector {
 public:
  struct Options {
    std::vector<Address> addresses;  // at least one
    base::Duration limit{};          // no address is dialled again after that
    /// The next pause, after so long.
    std::function<base::Duration(base::Duration waited)> pause;
    std::shared_ptr<const ShieldMaker> tls = nullptr;
  };

  /// `done` runs once and never inside this call; may destroy this. Error: that of the last address
  /// to give up. Denied and invalid end the patience with the only address; with several addresses
  /// only the time does.
  PatientConnector(Loop& loop, Options options, std::function<void(base::Result<Stream>)> done);
  ~PatientConnector();
  PatientConnector(const PatientConnector&) = delete;
  PatientConnector& operator=(const PatientConnector&) = delete;

 private:
  struct Line;
  void dial(std::size_t line);
  bool may_come(const base::Error& error) const;
  void dialled(std::size_t line, base::Result<Stream> stream);

  Loop& loop_;
  Options options_;
  std::function<void(base::Result<Stream>)> done_;
  Elapsed since_;
  std::vector<std::unique_ptr<Line>> lines_;
  std::size_t n_trying_;
};

}  // namespace loop
