#!/usr/bin/env escript
%%! -noinput
%% A handler for ackpipe: ackpipe run -b BROKERS -t TOPIC -g GROUP -- escript handler.escript
%% {packet, 4} is this protocol's framing: the runtime reads and writes the frames. JSON is below, for releases before 27,
%% which brings the module json.
-mode(compile).

%% Your code here: return when the record is done; fail, and it is delivered again. The value null is a tombstone.
handle(#{<<"value">> := <<>>}) ->
    error(<<"empty value">>);
handle(#{<<"topic">> := Topic, <<"partition">> := Partition, <<"offset">> := Offset} = Record) ->
    Text = case Record of
        #{<<"value_base64">> := Base64} -> [integer_to_binary(byte_size(base64:decode(Base64))), " bytes"];
        #{<<"value">> := Value} -> encode(Value)
    end,
    io:put_chars([Topic, "[", integer_to_binary(Partition), "]@", integer_to_binary(Offset), ": ", Text, "\n"]).

main(_) ->
    %% What is printed goes to the log, whoever prints: all output of Erlang is its group leader's.
    group_leader(whereis(standard_error), self()),
    io:setopts(standard_error, [{encoding, unicode}]),
    [In, Out] = case os:getenv("ACKPIPE_PROTOCOL_FDS") of
        false -> [0, 1];
        Text -> [list_to_integer(Number) || Number <- string:split(Text, ",")]
    end,
    process_flag(trap_exit, true),
    loop(open_port({fd, In, Out}, [{packet, 4}, binary, eof])).

loop(Port) ->
    receive
        {Port, {data, Body}} ->
            Frame = try decode(Body) catch _:_ -> quit(["bad frame: not JSON: ", io_lib:format("~.200p", [Body])]) end,
            case Frame of
                #{<<"type">> := <<"hello">>} ->
                    send(Port, #{type => <<"ready">>, protocol => 1, name => <<"erlang-example/1.0">>});
                #{<<"type">> := Type} when Type =:= <<"message">>; Type =:= <<"batch">> -> send(Port, attempt(Frame));
                _ -> ignored % shutdown too: end of file follows
            end,
            loop(Port);
        {Port, eof} -> halt(0);
        {'EXIT', Port, Reason} -> quit(["bad frame, or a broken pipe: ", io_lib:format("~p", [Reason])])
    end.

send(Port, Verdict) -> port_command(Port, encode(Verdict)).

quit(Text) ->
    io:put_chars(standard_error, [Text, "\n"]),
    halt(76).

%% One delivery, one verdict.
attempt(#{<<"id">> := Id, <<"type">> := <<"message">>} = Record) ->
    case try_one(Record) of
        ok -> #{type => <<"ack">>, id => Id};
        Error -> #{type => <<"nack">>, id => Id, error => Error}
    end;
attempt(#{<<"id">> := Id, <<"messages">> := Records} = Batch) ->
    Shared = maps:remove(<<"messages">>, Batch),
    attempt(Id, Shared, Records, 0).

attempt(Id, _, [], _) -> #{type => <<"ack">>, id => Id};
attempt(Id, Shared, [Record | Later], Index) ->
    case try_one(maps:merge(Shared, Record)) of % a batch says once what its records share
        ok -> attempt(Id, Shared, Later, Index + 1);
        Error ->
            Untried = [#{index => Index + N, action => <<"release">>} || N <- lists:seq(1, length(Later))],
            #{type => <<"result">>, id => Id, failed => [#{index => Index, error => Error} | Untried]}
    end.

try_one(Record) ->
    try handle(Record), ok
    catch _:Reason when is_binary(Reason) -> Reason;
          Class:Reason -> unicode:characters_to_binary(io_lib:format("~p: ~.20p", [Class, Reason]))
    end.

%% JSON. Strings are UTF-8 binaries, objects are maps.
encode(null) -> <<"null">>;
encode(true) -> <<"true">>;
encode(false) -> <<"false">>;
encode(Number) when is_integer(Number) -> integer_to_binary(Number);
encode(Number) when is_float(Number) -> float_to_binary(Number, [short]);
encode(Text) when is_binary(Text) -> [$", << <<(escape(C))/binary>> || <<C>> <= Text >>, $"];
encode(List) when is_list(List) -> [$[, lists:join($,, [encode(One) || One <- List]), $]];
encode(Map) when is_map(Map) ->
    [${, lists:join($,, [[encode(name(Name)), $:, encode(One)] || {Name, One} <- maps:to_list(Map)]), $}].

name(Name) when is_atom(Name) -> atom_to_binary(Name, utf8);
name(Name) -> Name.

escape($") -> <<"\\\"">>;
escape($\\) -> <<"\\\\">>;
escape(C) when C < 32 -> iolist_to_binary(io_lib:format("\\u~4.16.0b", [C]));
escape(C) -> <<C>>.

decode(Body) ->
    {Value, Rest} = value(Body),
    <<>> = space(Rest),
    Value.

space(<<C, Rest/binary>>) when C =:= $\s; C =:= $\t; C =:= $\r; C =:= $\n -> space(Rest);
space(Rest) -> Rest.

value(Text) ->
    case space(Text) of
        <<$", Rest/binary>> -> string(Rest);
        <<${, Rest/binary>> -> object(space(Rest), #{});
        <<$[, Rest/binary>> -> array(space(Rest), []);
        <<"null", Rest/binary>> -> {null, Rest};
        <<"true", Rest/binary>> -> {true, Rest};
        <<"false", Rest/binary>> -> {false, Rest};
        Rest ->
            {match, [{0, Length}]} = re:run(Rest, "^-?[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?", [{capture, first}]),
            <<Digits:Length/binary, After/binary>> = Rest,
            {number(Digits), After}
    end.

number(Digits) ->
    try binary_to_integer(Digits)
    catch error:badarg ->
        case re:run(Digits, "^(-?[0-9]+)([eE].*)$", [{capture, all_but_first, binary}]) of
            {match, [Whole, Exponent]} -> binary_to_float(<<Whole/binary, ".0", Exponent/binary>>); % 1e5, for Erlang
            nomatch -> binary_to_float(Digits)
        end
    end.

object(<<$}, Rest/binary>>, Map) -> {Map, Rest};
object(<<$", Text/binary>>, Map) ->
    {Name, After} = string(Text),
    <<$:, Rest/binary>> = space(After),
    {Value, Tail} = value(Rest),
    case space(Tail) of
        <<$,, More/binary>> ->
            <<$", _/binary>> = Next = space(More),
            object(Next, Map#{Name => Value});
        <<$}, More/binary>> -> {Map#{Name => Value}, More}
    end.

array(<<$], Rest/binary>>, []) -> {[], Rest};
array(Text, List) ->
    {Value, Tail} = value(Text),
    case space(Tail) of
        <<$,, More/binary>> -> array(More, [Value | List]);
        <<$], More/binary>> -> {lists:reverse(List, [Value]), More}
    end.

string(Text) -> string(Text, Text, 0, []).

%% Plain runs are taken as they are; Start is where the present one begins.
string(<<$", Rest/binary>>, Start, Length, []) -> {binary:part(Start, 0, Length), Rest};
string(<<$", Rest/binary>>, Start, Length, Done) ->
    {iolist_to_binary(lists:reverse(Done, [binary:part(Start, 0, Length)])), Rest};
string(<<$\\, $u, Hex:4/binary, Rest/binary>>, Start, Length, Done) ->
    {Character, After} = unicode_escape(binary_to_integer(Hex, 16), Rest),
    string(After, After, 0, [<<Character/utf8>>, binary:part(Start, 0, Length) | Done]);
string(<<$\\, C, Rest/binary>>, Start, Length, Done) ->
    string(Rest, Rest, 0, [unescaped(C), binary:part(Start, 0, Length) | Done]);
string(<<C, Rest/binary>>, Start, Length, Done) when C >= 32 -> string(Rest, Start, Length + 1, Done).

unicode_escape(High, <<$\\, $u, Hex:4/binary, Rest/binary>>) when High >= 16#D800, High < 16#DC00 ->
    {16#10000 + ((High - 16#D800) bsl 10) + (binary_to_integer(Hex, 16) - 16#DC00), Rest};
unicode_escape(Code, Rest) -> {Code, Rest}.

unescaped($n) -> $\n;
unescaped($t) -> $\t;
unescaped($r) -> $\r;
unescaped($b) -> $\b;
unescaped($f) -> $\f;
unescaped(C) when C =:= $"; C =:= $\\; C =:= $/ -> C.
