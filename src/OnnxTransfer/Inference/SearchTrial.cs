using System.Diagnostics;

namespace OnnxTransfer.Inference;

/// <summary>Keeps the fastest of several ways to open a session, by full batches.</summary>
internal static class SearchTrial
{
    private const int Runs = 5;

    /// <summary>Opens and times each in turn, at most two being open at once; the others are closed.</summary>
    /// <param name="candidates">What they are called, and how each is opened.</param>
    /// <param name="seconds">How long a batch takes.</param>
    /// <returns>The fastest, of equals the first, and what was measured as a sentence.</returns>
    public static (T Kept, string Note) Fastest<T>(IReadOnlyList<(string Name, Func<T> Open)> candidates, Func<T, double> seconds)
        where T : class, IDisposable
    {
        T? kept = null;
        var best = (Name: "", Seconds: double.PositiveInfinity);
        var measured = new List<string>();
        try
        {
            foreach (var (name, open) in candidates)
            {
                var tried = open();
                var slower = tried;
                try
                {
                    var took = seconds(tried);
                    measured.Add($"{name} {1e3 * took:F2} ms");
                    if (kept is null || took < best.Seconds)
                    {
                        (slower, kept, best) = (kept, tried, (name, took));
                    }
                }
                finally
                {
                    slower?.Dispose();
                }
            }
        }
        catch
        {
            kept?.Dispose();
            throw;
        }

        return (kept!, $"convolutions by the {best.Name} search, measured per batch: {string.Join(", ", measured)}");
    }

    /// <summary>The median time of a full batch in <paramref name="session"/>, once it is warm.</summary>
    public static double SecondsOfBatch(OnnxSession session)
    {
        using var buffers = session.CreateBuffers();
        var times = new double[Runs];
        for (var i = 0; i < Runs; i++)
        {
            var start = Stopwatch.GetTimestamp();
            session.Run(buffers, buffers.BatchSize);
            times[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Array.Sort(times);
        return times[Runs / 2];
    }
}
