#pragma once
// Which machines may be nodes over TLS: what the folder of the cluster's authority says, read again
// whenever it changes.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/loop/file_watch.h"
#include "lib/loop/frame_stream.h"
#include "lib/loop/log.h"
#include "lib/loop/stream.h"
#include "lib/loop/timer.h"
#include "lib/loop/tls.h"
#include "lib/loop/work.h"
#include "lib/model/join.h"
#include "lib/pki/folder.h"
#include "lib/pki/invite.h"
#include "scheduler/daemon/refusals.h"

namespace loop {
class Loop;
}

namespace musterd {

class Members {
 public:
  /// Errors: not_found when there is no authority; those of its files.
  static base::Result<std::unique_ptr<Members>> open(loop::Loop& loop, const std::string& folder,
                                                     const loop::Log& log);

  /// What to listen with; follows the folder.
  std::shared_ptr<const loop::ShieldMaker> tls() const { return context_; }
  /// Why a certificate that TLS accepted is not good here; empty: it is.
  std::string objection(const loop::PeerIdentity& identity) const;
  bool contains(const std::string& name) const { return members_.contains(name); }
  /// Empty: it is none of them.
  std::string pool_of(const std::string& name) const;
  std::vector<std::string> names() const;
  std::size_t size() const { return members_.size(); }
  /// Called after each change.
  void on_change(std::function<void()> changed) { changed_.push_back(std::move(changed)); }

  /// Tokens for these names, in their order; `done` runs later. Tokens given before stay good.
  void invite(std::vector<std::string> names, pki::Terms terms,
              std::function<void(base::Result<std::vector<std::string>>)> done);
  /// Removes it, whatever it has; nothing to do for a stranger. After earlier calls, before later
  /// ones.
  void expel(const std::string& name);

  /// A connection that speaks pki::join_protocol: one request, one answer.
  void take(loop::Stream stream);

 private:
  using CallId = std::uint64_t;
  /// A machine that asks for a certificate.
  struct Call {
    loop::FrameStream stream;
    std::string host;
    std::optional<loop::PeerIdentity> identity;
    bool is_asked = false;
    loop::Timer limit;
  };
  struct Loaded {
    base::Result<loop::TlsOptions> options;
    base::Result<std::vector<pki::Member>> members;
    base::Result<bool> renewed;  // the controller's certificate
  };

  Members(loop::Loop& loop, const std::string& folder, const loop::Log& log);
  static Loaded load(pki::Folder folder, base::Time now);
  base::Result<void> apply(Loaded loaded);
  void reload();
  void asked(CallId id, const std::string& frame);
  void signed_for(CallId id, const std::string& name,
                  const base::Result<pki::Admission>& admission);
  void answer(CallId id, const std::string& name, const base::Result<pki::Admission>& admission);

  loop::Loop& loop_;
  const loop::Log& log_;
  pki::Folder folder_;
  std::shared_ptr<loop::TlsContext> context_;
  std::map<std::string, pki::Member> members_;
  std::vector<std::function<void()>> changed_;
  std::optional<loop::FileWatch> watch_;
  bool is_loading_ = false;
  bool is_stale_ = false;  // changed while loading
  std::vector<std::function<void()>> after_reload_;
  std::map<CallId, Call> calls_;
  CallId last_call_ = 0;
  loop::Timer daily_;
  Refusals refusals_;
  loop::SerialWork worker_;  // reads and signs; OpenSSL keeps things for each thread, so it has one
};

}  // namespace musterd
