#include "bench/bulk.h"

#include <fmt/format.h>

#include <list>
#include <optional>
#include <thread>

#include "lib/http/client.h"
#include "lib/loop/loop.h"
#include "lib/wire/api.h"

namespace bench {

namespace {

constexpr std::chrono::milliseconds between_looks{5};  // a busy watcher would slow what it measures

/// Keeps `at_once` requests open until all are answered.
class Submitter {
 public:
  Submitter(const std::string& socket, std::string body, int n, int at_once)
      : address_(loop::UnixAddress{socket}), body_(std::move(body)), n_left_(n) {
    for (int i = 0; i < at_once; ++i) next();
  }

  base::Result<void> run() {
    loop_.run();
    if (error_) return std::unexpected(*error_);
    return {};
  }

 private:
  void next() {
    if (n_left_ == 0 || error_) return;
    --n_left_;
    http::Request request;
    request.method = "POST";
    request.target = "/v1/jobs";
    request.body = body_;
    calls_.emplace_front();
    const auto place = calls_.begin();
    place->emplace(loop_, address_, std::move(request),
                   [this, place](base::Result<http::Response> response) {
                     if (!response) {
                       error_ = response.error();
                     } else if (!response->is_success()) {
                       error_ = base::Error{base::Code::io, response->body};
                     }
                     loop_.defer([this, place] {
                       calls_.erase(place);
                       next();
                     });
                   });
  }

  loop::Loop loop_;
  loop::Address address_;
  std::string body_;
  int n_left_;
  std::optional<base::Error> error_;
  std::list<std::optional<http::Call>> calls_;
};

}  // namespace

base::Result<void> submit_all(const std::string& socket, const model::JobSpec& job, int n,
                              int at_once) {
  auto body = wire::to_json(job);
  if (!body) return std::unexpected(body.error());
  return Submitter(socket, std::move(*body), n, at_once).run();
}

base::Result<void> wait_until_idle(const std::string& socket) {
  const http::Client client(loop::UnixAddress{socket});
  for (;;) {
    http::Request request;
    request.target = "/v1/status";
    const auto response = client.request(request);
    if (!response) return std::unexpected(response.error());
    const auto status = wire::status_from_json(response->body);
    if (!status) return std::unexpected(status.error());
    if (status->jobs_waiting == 0 && status->jobs_running == 0) return {};
    std::this_thread::sleep_for(between_looks);
  }
}

}  // namespace bench
