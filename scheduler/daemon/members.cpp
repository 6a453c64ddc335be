#include "scheduler/daemon/members.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "lib/loop/clock.h"
#include "lib/loop/loop.h"
#include "lib/wire/join.h"

namespace musterd {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t request_limit = std::size_t{64} << 10;
constexpr std::size_t most_calls = 64;
constexpr base::Duration call_limit = 10s;
constexpr base::Duration after_failure = 10s;
constexpr base::Duration between_reloads = 6h;  // in which the controller's certificate is renewed

/// `done` gets what `call` returned on the worker's thread.
template <class Call, class Done>
void in_turn(loop::SerialWork& worker, Call call, Done done) {
  using Value = decltype(call());
  auto slot = std::make_shared<std::optional<Value>>();
  worker.submit([slot, call = std::move(call)]() mutable { slot->emplace(call()); },
                [slot, done = std::move(done)]() mutable { done(std::move(**slot)); });
}

}  // namespace

base::Result<std::unique_ptr<Members>> Members::open(loop::Loop& loop, const std::string& folder,
                                                     const loop::Log& log) {
  std::unique_ptr<Members> members(new Members(loop, folder, log));
  if (!members->folder_.exists()) {
    return base::fail(base::Code::not_found,
                      "there is no authority in '" + folder + "'; make one with: muster init");
  }
  auto loaded = load(members->folder_, loop::now());
  if (!loaded.options) return std::unexpected(loaded.options.error());
  auto context = loop::TlsContext::make(*loaded.options);
  if (!context) return std::unexpected(context.error().in(folder));
  members->context_ = *std::move(context);
  if (auto applied = members->apply(std::move(loaded)); !applied) {
    return std::unexpected(applied.error());
  }
  auto watch = loop::FileWatch::open(loop, members->folder_.changed_file(),
                                     [raw = members.get()] { raw->reload(); });
  if (!watch) return std::unexpected(watch.error());
  members->watch_.emplace(*std::move(watch));
  members->daily_.start_repeating(between_reloads);
  members->reload();  // what has changed before it was watched
  return members;
}

Members::Members(loop::Loop& loop, const std::string& folder, const loop::Log& log)
    : loop_(loop), log_(log), folder_(folder), daily_(loop, [this] { reload(); }), worker_(loop) {}

/// Everything, from the disk; on another thread while connections go on.
Members::Loaded Members::load(pki::Folder folder, base::Time now) {
  auto renewed = folder.renew_controller(now);
  return {.options = folder.controller_options(now),
          .members = folder.members(),
          .renewed = std::move(renewed)};
}

base::Result<void> Members::apply(Loaded loaded) {
  if (!loaded.renewed) {
    log_.error("controller_certificate_not_renewed", {{"why", loaded.renewed.error().text}});
  } else if (*loaded.renewed) {
    log_.info("controller_certificate_renewed");
  }
  if (!loaded.options) return std::unexpected(loaded.options.error());
  // First of all, and whatever else is wrong: those who were removed are to stay out.
  if (auto reloaded = context_->reload(*loaded.options); !reloaded) return reloaded;
  if (!loaded.members) return std::unexpected(loaded.members.error());
  members_.clear();
  for (auto& member : *loaded.members) {
    if (!member.trouble.empty())
      log_.error("member_not_read", {{"node", member.name}, {"why", member.trouble}});
    members_.emplace(member.name, std::move(member));
  }
  return {};
}

void Members::reload() {
  if (std::exchange(is_loading_, true)) {
    is_stale_ = true;
    return;
  }
  in_turn(
      worker_, [folder = folder_, now = loop::now()] { return load(folder, now); },
      [this](Loaded loaded) {
        is_loading_ = false;
        if (const auto applied = apply(std::move(loaded)); !applied) {
          log_.error("members_not_read", {{"why", applied.error().text}});
          daily_.start_repeating(after_failure);
        } else {
          daily_.start_repeating(between_reloads);
          for (const auto& tell : changed_) tell();
        }
        if (std::exchange(is_stale_, false)) return loop_.defer([this] { reload(); });
        for (const auto& go_on : std::exchange(after_reload_, {})) go_on();
      });
}

std::string Members::objection(const loop::PeerIdentity& identity) const {
  const auto member = members_.find(identity.name);
  if (member == members_.end()) return "'" + identity.name + "' was removed from the cluster";
  const auto& good = member->second.certificates;
  if (std::ranges::find(good, identity.serial, &pki::Issued::serial) == good.end()) {
    return "the certificate is not one of those that '" + identity.name + "' has now";
  }
  return {};
}

std::string Members::pool_of(const std::string& name) const {
  const auto member = members_.find(name);
  return member == members_.end() ? std::string() : member->second.pool;
}

std::vector<std::string> Members::names() const {
  std::vector<std::string> names;
  for (const auto& [name, member] : members_) names.push_back(name);
  return names;
}

void Members::invite(std::vector<std::string> names, pki::Terms terms,
                     std::function<void(base::Result<std::vector<std::string>>)> done) {
  using Tokens = base::Result<std::vector<std::string>>;
  terms.earlier = pki::Earlier::good;
  in_turn(
      worker_,
      [folder = folder_, names = std::move(names), terms = std::move(terms)]() mutable -> Tokens {
        std::vector<std::string> tokens;
        for (const auto& name : names) {
          const auto token = pki::invite(folder, name, terms);
          if (!token) return std::unexpected(token.error());
          tokens.push_back(pki::to_text(*token));
        }
        return tokens;
      },
      [done = std::move(done)](Tokens tokens) { done(std::move(tokens)); });
}

void Members::expel(const std::string& name) {
  in_turn(
      worker_,
      [folder = folder_, name, now = loop::now()]() mutable { return folder.remove(name, now); },
      [this, name](const base::Result<void>& removed) {
        if (!removed && removed.error().code != base::Code::not_found)
          log_.error("node_not_removed", {{"node", name}, {"why", removed.error().text}});
        if (removed) reload();
      });
}

void Members::take(loop::Stream stream) {
  auto host = stream.peer_host();
  if (calls_.size() >= most_calls) {
    if (const auto times = refusals_.note(host, loop::now()))
      log_.warn("join_turned_away", {{"from", host}, {"times", *times}, {"calls", calls_.size()}});
    return;
  }
  const CallId id = ++last_call_;
  auto identity = stream.peer_identity();
  loop::Timer limit(loop_, [this, id] { calls_.erase(id); });
  limit.start(call_limit);
  auto& call = calls_
                   .emplace(id, Call{.stream = loop::FrameStream(std::move(stream), request_limit),
                                     .host = std::move(host),
                                     .identity = std::move(identity),
                                     .is_asked = false,
                                     .limit = std::move(limit)})
                   .first->second;
  call.stream.on_end([this, id](const base::Result<void>&) { calls_.erase(id); });
  call.stream.on_frame([this, id](const std::string& frame) { asked(id, frame); });
}

void Members::asked(CallId id, const std::string& frame) {
  auto& call = calls_.at(id);
  if (std::exchange(call.is_asked, true)) return;  // one request a connection
  const auto request = wire::decode_join_request(frame);
  if (!request) return answer(id, {}, std::unexpected(request.error()));
  const bool is_first = !request->secret.empty();
  if (!is_first && (!call.identity || call.identity->name != request->name)) {
    return answer(id, {},
                  base::fail(base::Code::denied,
                             "without a token only who has a certificate gets the next one"));
  }
  const auto sign = [folder = folder_, ask = *request, identity = call.identity,
                     now = loop::now()]() mutable {
    return ask.secret.empty() ? folder.renew(ask.name, identity->serial, ask.request, now)
                              : folder.admit(ask.name, ask.secret, ask.request, now);
  };
  in_turn(worker_, sign, [this, id, name = request->name](base::Result<pki::Admission> admission) {
    signed_for(id, name, admission);
  });
}

/// The machine hears of its certificate when it is known here too, for it comes with it at once.
void Members::signed_for(CallId id, const std::string& name,
                         const base::Result<pki::Admission>& admission) {
  if (!calls_.contains(id)) return;
  if (!admission) return answer(id, name, admission);
  after_reload_.emplace_back([this, id, name, admission] {
    if (calls_.contains(id)) answer(id, name, admission);
  });
  reload();
}

void Members::answer(CallId id, const std::string& name,
                     const base::Result<pki::Admission>& admission) {
  auto& call = calls_.at(id);
  model::JoinReply reply{
      .why = {}, .certificate = {}, .authority = {}, .pool = {}, .address = call.host};
  if (admission) {
    log_.info(call.identity ? "certificate_renewed" : "node_joined_cluster",
              {{"node", name}, {"from", call.host}});
    reply.certificate = admission->certificate;
    reply.authority = admission->authority;
    reply.pool = admission->pool;
  } else {
    if (const auto times = refusals_.note(call.host, loop::now())) {
      log_.warn("join_refused",
                {{"from", call.host}, {"times", *times}, {"why", admission.error().text}});
    }
    reply.why = admission.error().text;
  }
  // Its end, or the limit, closes the connection: it may read the answer until then.
  const auto sent = call.stream.send(wire::encode(reply));
  if (!sent) {
    loop_.defer([this, id] { calls_.erase(id); });
    return;
  }
  call.stream.finish();
}

}  // namespace musterd
