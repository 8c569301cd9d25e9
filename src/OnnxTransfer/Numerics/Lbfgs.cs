namespace OnnxTransfer.Numerics;

/// <summary>
/// Limited-memory BFGS (Liu and Nocedal 1989; Nocedal and Wright, algorithm 7.4) for smooth convex objectives, parameters
/// in float64.
/// </summary>
internal sealed record Lbfgs
{
    /// <summary>The objective at <paramref name="parameters"/>; its gradient goes to <paramref name="gradient"/>.</summary>
    public delegate double Objective(ReadOnlySpan<double> parameters, Span<double> gradient);

    /// <summary>Pairs of steps and gradient changes that are kept.</summary>
    public int Memory { get; init; } = 10;

    /// <summary>Done when the gradient's norm is at most this.</summary>
    public required double GradientTolerance { get; init; }

    /// <summary>Done when the objective has fallen by less than this part of itself in each of three steps.</summary>
    public double ObjectiveTolerance { get; init; } = 1e-12;

    public int MaxIterations { get; init; } = 1000;

    /// <summary>Minimises from <paramref name="start"/>, which is left as it is.</summary>
    public Minimum Minimise(Objective objective, double[] start, Action<int, double>? progress = null, CancellationToken cancellation = default)
    {
        double[] x = [.. start], gradient = new double[x.Length], direction = new double[x.Length];
        double value = objective(x, gradient);
        var history = new List<(double[] Step, double[] Change, double Curvature)>();
        var search = new LineSearch(objective, x.Length);
        int small = 0;
        for (int iteration = 0; ; iteration++)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Invoke(iteration, value);
            double norm = Norm(gradient);
            bool converged = norm <= GradientTolerance || small >= 3;
            if (converged || iteration >= MaxIterations)
            {
                return new Minimum(x, value, norm, iteration, converged, Stalled: false);
            }

            Direction(gradient, history, direction);
            double firstStep = history.Count > 0 ? 1 : Math.Min(1, 1 / norm);
            if (!search.Run(x, value, gradient, direction, firstStep, cancellation))
            {
                if (history.Count == 0)
                {
                    return new Minimum(x, value, norm, iteration, Converged: false, Stalled: true);
                }

                history.Clear(); // once more, straight down the gradient
                continue;
            }

            Remember(history, x, gradient, search);
            small = value - search.Value <= ObjectiveTolerance * Math.Abs(value) ? small + 1 : 0;
            value = search.Value;
            search.Point.CopyTo(x, 0);
            search.Gradient.CopyTo(gradient, 0);
        }
    }

    private static double Norm(double[] values) => Math.Sqrt(DoubleProducts.Dot(values, values));

    // The two-loop recursion: direction = -H gradient.
    private static void Direction(double[] gradient, List<(double[] Step, double[] Change, double Curvature)> history, double[] direction)
    {
        for (int i = 0; i < direction.Length; i++)
        {
            direction[i] = -gradient[i];
        }

        Span<double> alphas = stackalloc double[history.Count];
        for (int i = history.Count - 1; i >= 0; i--)
        {
            alphas[i] = DoubleProducts.Dot(history[i].Step, direction) / history[i].Curvature;
            DoubleProducts.AddScaled(-alphas[i], history[i].Change, direction);
        }

        if (history.Count > 0)
        {
            var (_, change, curvature) = history[^1];
            double scale = curvature / DoubleProducts.Dot(change, change);
            for (int i = 0; i < direction.Length; i++)
            {
                direction[i] *= scale;
            }
        }

        for (int i = 0; i < history.Count; i++)
        {
            double beta = DoubleProducts.Dot(history[i].Change, direction) / history[i].Curvature;
            DoubleProducts.AddScaled(alphas[i] - beta, history[i].Step, direction);
        }
    }

    private void Remember(List<(double[] Step, double[] Change, double Curvature)> history, double[] x, double[] gradient, LineSearch search)
    {
        bool full = history.Count == Memory;
        double[] step = full ? history[0].Step : new double[x.Length];
        double[] change = full ? history[0].Change : new double[x.Length];
        if (full)
        {
            history.RemoveAt(0);
        }

        for (int i = 0; i < x.Length; i++)
        {
            step[i] = search.Point[i] - x[i];
            change[i] = search.Gradient[i] - gradient[i];
        }

        double curvature = DoubleProducts.Dot(step, change);
        if (curvature > 1e-14 * Norm(step) * Norm(change))
        {
            history.Add((step, change, curvature));
        }
    }
}
