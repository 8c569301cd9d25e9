using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace OnnxTransfer.Cli;

/// <summary>
/// Where a run speaks: results to <see cref="Out"/>, everything else to <see cref="Error"/>. Tests give it their own
/// writers.
/// </summary>
internal sealed class Terminal(TextWriter output, TextWriter error, bool isWatched)
{
    // Paths and class names are to be read by people too: no \u escapes for letters beyond ASCII.
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public TextWriter Out { get; } = output;

    public TextWriter Error { get; } = error;

    /// <summary>True when a person sees <see cref="Error"/> as it is written.</summary>
    public bool IsWatched { get; } = isWatched;

    public static Terminal OfProcess() => new(Console.Out, Console.Error, !Console.IsErrorRedirected);

    /// <summary>A plain line beside the results.</summary>
    public void Say(string line) => Error.WriteLine(line);

    public void Write(Table table)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new FixedWidthOutput(Out),
        });
        console.Write(table);
    }

    public void WriteJson(JsonNode node) => Out.WriteLine(node.ToJsonString(Json));

    /// <summary>Tables come out the same in a terminal, a pipe and a test: as wide as they need.</summary>
    private sealed class FixedWidthOutput(TextWriter writer) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => false;

        public int Width => 160;

        public int Height => 50;

        public void SetEncoding(System.Text.Encoding encoding)
        {
        }
    }
}
