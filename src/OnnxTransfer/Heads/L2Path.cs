using System.Diagnostics;

namespace OnnxTransfer.Heads;

/// <summary>Walks an <see cref="L2Search"/> from strong to weak and keeps the best; shared by all trainers with a penalty.</summary>
internal static class L2Path
{
    /// <summary>Fits and scores every value by <paramref name="attempt"/> (position, L2 to score and iterations) until patience ends.</summary>
    /// <returns>The best L2, the table, and a note where the best value lies at an end of the path.</returns>
    public static (double L2, IReadOnlyList<Trial> Path, IReadOnlyList<string> Notes) Walk(
        L2Search search, Func<int, double, (double Score, int Iterations)> attempt)
    {
        var values = search.Values();
        var path = new List<Trial>();
        int best = 0;
        for (int i = 0; i < values.Count && i - best <= search.Patience; i++)
        {
            var clock = Stopwatch.StartNew();
            var (score, iterations) = attempt(i, values[i]);
            path.Add(new Trial(new Setting("L2", values[i]), score, iterations, clock.Elapsed.TotalSeconds));
            best = score < path[best].Score || double.IsNaN(path[best].Score) ? i : best;
        }

        if (values.Count == 1 || (best > 0 && best < values.Count - 1))
        {
            return (values[best], path, []);
        }

        string end = best == 0 ? "strongest value tried: a stronger one (L2Search.Maximum) may be better" : "weakest value tried: a weaker one (L2Search.Minimum) may be better";
        return (values[best], path, [$"the chosen L2 = {values[best]:g3} is the {end} to look further"]);
    }
}
