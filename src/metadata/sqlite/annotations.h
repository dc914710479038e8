// Annotations as a column: a JSON object of strings.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace berth::sqlite {

std::string annotations_to_text(const std::map<std::string, std::string>& annotations);
/// Throws Failure(metadata) if the text is not what annotations_to_text wrote.
std::map<std::string, std::string> annotations_from_text(std::string_view text);

}  // namespace berth::sqlite
