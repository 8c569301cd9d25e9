using System.Globalization;
using System.Text;

namespace OnnxTransfer.Heads;

/// <summary>How a head was fitted: what was tried, what was chosen, and what a reader should know.</summary>
public sealed record FitReport
{
    /// <summary>The one setting that trainers of this kind choose, with its value in the final fit (L2, neighbours, ...); null where there is none.</summary>
    public Setting? Chosen { get; init; }

    /// <summary>The values tried, in that order; empty where the value was given.</summary>
    public IReadOnlyList<Trial> Path { get; init; } = [];

    /// <summary>Objective of the final fit, penalty included, as the trainer's summary states it; null for heads that minimise nothing.</summary>
    public double? Objective { get; init; }

    /// <summary>Iterations of the final fit; 0 for a closed form, or where the trainer does not tell.</summary>
    public int Iterations { get; init; }

    /// <summary>False when the final fit ended before its tolerance was met; <see cref="Notes"/> say why.</summary>
    public bool Converged { get; init; } = true;

    /// <summary>Time of everything: path and final fit.</summary>
    public required double Seconds { get; init; }

    /// <summary>Rows the final fit learned from.</summary>
    public required int Rows { get; init; }

    /// <summary>Further settings worth a line in a model card, by their names there: "logTarget" -> "true".</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>What a reader should know: how validation rows were found, classes without rows, an L2 at the path's end.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>A readable summary: one line, the table of the path, the notes.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(Chosen is null ? "" : $"{Chosen}, ").Append(CultureInfo.InvariantCulture, $"{Rows} rows, ");
        text.Append((Iterations, Objective) switch { (0, null) => "fitted", (0, _) => "closed form", _ => $"{Iterations} iterations" });
        text.Append(Objective is null ? "" : string.Create(CultureInfo.InvariantCulture, $", objective {Objective:g6}"));
        text.Append(CultureInfo.InvariantCulture, $", {Seconds:f1} s");
        foreach (var trial in Path)
        {
            string mark = trial.Setting == Chosen ? " <- chosen" : "";
            text.Append(CultureInfo.InvariantCulture, $"\n  {trial.Setting.Name} {trial.Setting.Value,-9:g3} validation {trial.Score,-10:g6} {trial.Seconds:f1} s{mark}");
        }

        foreach (string note in Notes)
        {
            text.Append("\n  note: ").Append(note);
        }

        return text.ToString();
    }
}
