#include "scheduler/daemon/about.h"

#include <type_traits>
#include <variant>

namespace musterd {

std::optional<model::JobId> job_of(const model::Fact& fact) {
  return std::visit(
      []<class Body>(const Body& body) -> std::optional<model::JobId> {
        // What is left of a job that was written off is the node's matter.
        if constexpr (std::is_same_v<Body, model::StrayGone>) return std::nullopt;
        if constexpr (requires { body.job; }) return body.job;
        if constexpr (requires { body.key; }) return body.key.job;
        if constexpr (requires { body.report; }) return body.report.key.job;
        return std::nullopt;
      },
      fact.body);
}

}  // namespace musterd
