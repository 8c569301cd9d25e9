namespace OnnxTransfer.Tests.Onnx.Fuzz;

/// <summary>Goes through variants on a thread of its own while this one watches: a variant that hangs is named, not waited for.</summary>
internal static class FuzzWatch
{
    // No figure of speed: a hundred thousand times what a variant takes.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>What went wrong, one line per variant; empty where nothing did.</summary>
    public static IReadOnlyList<string> Go(IEnumerable<int> numbers, Action<int> variant)
    {
        var wrong = new List<string>();
        var (current, finished) = (-1, false);
        var worker = new Thread(() =>
        {
            foreach (var number in numbers)
            {
                Volatile.Write(ref current, number);
                try
                {
                    variant(number);
                }
                catch (Exception e)
                {
                    wrong.Add($"variant {number}: {e}");
                }
            }

            Volatile.Write(ref finished, true);
        }) { IsBackground = true };
        worker.Start();
        var (last, since) = (-1, Environment.TickCount64);
        while (!worker.Join(100) && !Volatile.Read(ref finished))
        {
            if (Volatile.Read(ref current) is var now && now != last)
            {
                (last, since) = (now, Environment.TickCount64);
            }
            else if (Environment.TickCount64 - since > Patience.TotalMilliseconds)
            {
                return [.. wrong, $"variant {now}: has not ended after {Patience.TotalSeconds} s"];
            }
        }

        return wrong;
    }
}
