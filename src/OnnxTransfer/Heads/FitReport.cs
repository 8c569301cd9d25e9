using System.Globalization;
using System.Text;

namespace OnnxTransfer.Heads;

/// <summary>How a head was fitted: what was tried, what was chosen, and what a reader should know.</summary>
public sealed record FitReport
{
    /// <summary>The penalty of the final fit.</summary>
    public required double L2 { get; init; }

    /// <summary>The values tried, in that order; empty where the L2 was given.</summary>
    public IReadOnlyList<L2Trial> Path { get; init; } = [];

    /// <summary>Objective of the final fit, penalty included (mean log loss or half the mean squared error, + L2/2 ||W||^2).</summary>
    public required double Objective { get; init; }

    /// <summary>Iterations of the final fit; 0 for a closed form.</summary>
    public int Iterations { get; init; }

    /// <summary>False when the final fit ended before its tolerance was met; <see cref="Notes"/> say why.</summary>
    public bool Converged { get; init; } = true;

    /// <summary>Time of everything: path and final fit.</summary>
    public required double Seconds { get; init; }

    /// <summary>Rows the final fit learned from.</summary>
    public required int Rows { get; init; }

    /// <summary>What a reader should know: how validation rows were found, classes without rows, an L2 at the path's end.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>A readable summary: one line, the table of the path, the notes.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"L2 {L2:g3}, {Rows} rows, ");
        text.Append(Iterations == 0 ? "closed form" : $"{Iterations} iterations");
        text.Append(CultureInfo.InvariantCulture, $", objective {Objective:g6}, {Seconds:f1} s");
        foreach (var trial in Path)
        {
            string mark = trial.L2 == L2 ? " <- chosen" : "";
            text.Append(CultureInfo.InvariantCulture, $"\n  L2 {trial.L2,-9:g3} validation {trial.Score,-10:g6} {trial.Seconds:f1} s{mark}");
        }

        foreach (string note in Notes)
        {
            text.Append("\n  note: ").Append(note);
        }

        return text.ToString();
    }
}
