#include "lib/loop/patient_connector.h"

#include <optional>
#include <utility>

#include "lib/loop/loop.h"
#include "lib/loop/timer.h"

namespace loop {

/// One address.
struct PatientConnector::Line {
  Timer retry;
  std::optional<Connector> connector = {};
};

PatientConnector::PatientConnector(Loop& loop, Options options,
                                   std::function<void(base::Result<Stream>)> done)
    : loop_(loop),
      options_(std::move(options)),
      done_(std::move(done)),
      n_trying_(options_.addresses.size()) {
  for (std::size_t i = 0; i < options_.addresses.size(); ++i) {
    lines_.push_back(std::make_unique<Line>(Line{.retry = Timer(loop_, [this, i] { dial(i); })}));
    dial(i);
  }
}

PatientConnector::~PatientConnector() = default;

void PatientConnector::dial(std::size_t line) {
  lines_[line]->connector.emplace(
      loop_, options_.addresses[line],
      [this, line](base::Result<Stream> stream) { dialled(line, std::move(stream)); },
      options_.tls);
}

void PatientConnector::dialled(std::size_t line, base::Result<Stream> stream) {
  const auto waited = since_.so_far();
  if (!stream && may_come(stream.error()) && waited < options_.limit) {
    lines_[line]->retry.start(options_.pause(waited));
    return;
  }
  if (!stream && --n_trying_ > 0) return;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    lines_[i]->retry.stop();
    if (i != line) lines_[i]->connector.reset();
  }
  const auto callback = std::exchange(done_, nullptr);
  callback(std::move(stream));
}

/// Of several addresses some may be other people's.
bool PatientConnector::may_come(const base::Error& error) const {
  return lines_.size() > 1 ||
         (error.code != base::Code::denied && error.code != base::Code::invalid);
}

}  // namespace loop
