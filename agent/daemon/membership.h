#pragma once
// The certificate with which this machine is a node: what the controller is dialled with, and its
// renewal in time.

#include <memory>
#include <optional>
#include <string>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/address.h"
#include "lib/loop/file_watch.h"
#include "lib/loop/log.h"
#include "lib/loop/timer.h"
#include "lib/loop/tls.h"
#include "lib/pki/enrolment.h"
#include "lib/pki/identity.h"

namespace loop {
class Loop;
}

namespace agentd {

class Membership {
 public:
  struct Options {
    std::string folder;  // of the identity
    std::string name;    // of the node
    loop::TlsAddress controller;
  };

  /// Errors: not_found, with what to do, when the machine never joined; those of the files.
  static base::Result<std::unique_ptr<Membership>> open(loop::Loop& loop, const Options& options,
                                                        const loop::Log& log);

  /// Follows renewals, and a machine that joins again.
  std::shared_ptr<const loop::ShieldMaker> tls() const { return context_; }
  /// The same, for connections that users of this machine have to the API.
  std::shared_ptr<const loop::ShieldMaker> api_tls() const { return api_context_; }

 private:
  Membership(loop::Loop& loop, Options options, const loop::Log& log);
  void look();
  base::Result<void> ask();
  void answered(const std::string& key, const base::Result<model::JoinReply>& reply);
  base::Result<void> take(const std::string& key, const base::Result<model::JoinReply>& reply);
  base::Result<void> read();
  base::Result<void> load(std::shared_ptr<loop::TlsContext>& context, const char* protocol) const;
  base::Duration until_next_look() const;

  loop::Loop& loop_;
  Options options_;
  const loop::Log& log_;
  pki::Identity identity_;
  pki::Certificate certificate_;
  std::shared_ptr<loop::TlsContext> context_;
  std::shared_ptr<loop::TlsContext> api_context_;
  std::optional<pki::Enrolment> enrolment_;
  std::string last_problem_;
  std::optional<loop::FileWatch> watch_;
  loop::Timer look_timer_;
};

}  // namespace agentd
