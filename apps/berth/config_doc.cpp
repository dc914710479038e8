#include "server/config_doc.h"

#include <fmt/format.h>

#include "apps/berth/commands.h"

namespace berth {

int run_config_doc() {
  fmt::print("{}", config_document());
  return 0;
}

}  // namespace berth
