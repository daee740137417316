# shellcheck shell=bash disable=SC2154,SC2034  # what is not set or read here is so in the tables
# The part of the completion that depends on no table. CMake puts the tables before it, which lcmpi_pages
# prints: _lcmpi_value, _lcmpi_command and _lcmpi_commands. It needs bash 4.3 and nothing else.

# The words before the cursor, in `words`. readline parts them at = and : too; here they are joined again.
_lcmpi_words() {
  local word glue=''
  words=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if ((${#words[@]})) && [[ $glue || $word == [=:]* ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
    glue=''
    [[ $word != *[=:] ]] || glue=yes
  done
}

# Of `words` but the last: the command, how many words stand behind it, and the option whose value is next.
_lcmpi_before() {
  local word kind list
  command='' behind=0 takes=''
  for word in "${words[@]:0:${#words[@]}-1}"; do
    if [[ $takes ]]; then
      takes=''
    elif [[ $word == -* ]]; then
      _lcmpi_value "$word"
      [[ ! $kind ]] || takes=$word
    elif [[ ! $command ]]; then
      command=$word
    else
      ((behind += 1))
    fi
  done
}

# _lcmpi_match BEGINNING WORD...: adds those that begin so. Behind a colon more has to come.
_lcmpi_match() {
  local beginning=$1 word
  for word in "${@:2}"; do
    if [[ $word == "$beginning"* ]]; then
      COMPREPLY+=("$word")
      [[ $word != *: ]] || compopt -o nospace 2>/dev/null || true
    fi
  done
}

# _lcmpi_files BEGINNING [PATTERN]: adds files, those of the pattern alone, and folders.
_lcmpi_files() {
  compopt -o filenames 2>/dev/null || true
  mapfile -t COMPREPLY < <(compgen -f -X "${2:+!$2}" -- "$1"; [[ ! ${2-} ]] || compgen -d -- "$1")
}

# _lcmpi_of OPTION BEGINNING: values of an option.
_lcmpi_of() {
  local kind list words before
  _lcmpi_value "$1"
  read -ra words <<<"$list"
  case $kind:$2 in
  file:*) _lcmpi_files "$2" '*.h5' ;;
  words:file:*)
    _lcmpi_files "${2#file:}"
    COMPREPLY=("${COMPREPLY[@]/#/file:}")
    ;;
  words:*) _lcmpi_match "$2" "${words[@]}" ;;
  list:*,*)
    before=${2%"${2##*,}"}
    _lcmpi_match "$2" "${words[@]/#/$before}"
    ;;
  list:*) _lcmpi_match "$2" "${words[@]}" ;;
  esac
}

# readline puts a reply behind the last = or : at which it parts words.
_lcmpi_trim() {
  local parted=$1 kept
  [[ $COMP_WORDBREAKS == *:* ]] || parted=${parted//:/x}
  [[ $COMP_WORDBREAKS == *=* ]] || parted=${parted//=/x}
  kept=${parted##*[=:]}
  COMPREPLY=("${COMPREPLY[@]#"${1:0:${#parted}-${#kept}}"}")
}

_lcmpi() {
  local words command behind takes options files questions current
  COMPREPLY=()
  _lcmpi_words
  _lcmpi_before
  _lcmpi_command "${command:-run}"
  current=${words[-1]-}
  if [[ $takes ]]; then
    _lcmpi_of "$takes" "$current"
  elif [[ $current == --*=* ]]; then
    _lcmpi_of "${current%%=*}" "${current#*=}"
    COMPREPLY=("${COMPREPLY[@]/#/${current%%=*}=}")
  elif [[ ${#words[@]} == 1 && $current != -* ]]; then
    read -ra words <<<"$_lcmpi_commands"
    _lcmpi_match "$current" "${words[@]}"
  elif [[ $command && $current != -* ]] && ((behind < files)); then
    _lcmpi_files "$current" '*.h5'
  elif [[ $command && $current != -* ]] && ((behind == 1)); then
    read -ra words <<<"$questions"
    _lcmpi_match "$current" "${words[@]}"
  elif [[ $current == -* ]] || ((files == 0)); then
    read -ra words <<<"$options"
    _lcmpi_match "$current" "${words[@]}"
  fi
  _lcmpi_trim "$current"
}
complete -F _lcmpi lcmpi
