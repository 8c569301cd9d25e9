using System.Globalization;

namespace OnnxTransfer.Evaluation;

/// <summary>What a comparison of heads found.</summary>
/// <param name="Candidates">All heads, the best first, those left out last.</param>
/// <param name="Metric">What the best is best at.</param>
/// <param name="Folds">Folds of a repetition.</param>
/// <param name="Repeats">Repetitions that every head finished.</param>
/// <param name="Seconds">Time of everything.</param>
public sealed record SelectionResult(IReadOnlyList<HeadCandidate> Candidates, Metric Metric, int Folds, int Repeats, double Seconds)
{
    /// <summary>The head whose mean is best. As the best of several its mean flatters it: judge it on test rows.</summary>
    public HeadCandidate Best => Candidates[0];

    /// <summary>Heads whose difference from the best may be noise (p of at least 0.05).</summary>
    public IReadOnlyList<HeadCandidate> Ties =>
        [.. Candidates.Skip(1).Where(candidate => candidate.LeftOut is null && !(candidate.PValue < HeadSelection.Significance))];

    /// <summary>In words: which is best, and whether that is more than noise.</summary>
    public string Verdict
    {
        get
        {
            string name = Metric == Metric.Main ? Best.Scores!.MainName : Metric.Name;
            string best = string.Create(CultureInfo.InvariantCulture, $"{Best.Name} is best by {name}, {Best.Mean:0.0000} over {Folds} folds x {Repeats}");
            if (Candidates.Count(candidate => candidate.LeftOut is null) == 1)
            {
                return $"{best}; there was no other to compare it with";
            }

            return Ties.Count == 0
                ? $"{best}; no other comes near enough for that to be noise (p < {HeadSelection.Significance})"
                : $"{best}; its lead over {string.Join(", ", Ties.Select(tie => string.Create(CultureInfo.InvariantCulture, $"{tie.Name} (p {tie.PValue:0.00})")))} may be noise: take the simpler or faster of them, or compare with more repetitions";
        }
    }
}
