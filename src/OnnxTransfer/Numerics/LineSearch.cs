namespace OnnxTransfer.Numerics;

/// <summary>
/// A step along a direction that fulfils the strong Wolfe conditions: bracket (Lewis and Overton 2013), then cubic
/// interpolation inside the bracket (Nocedal and Wright, equation 3.59). A rise within the objective's rounding is let
/// pass, for there the slope knows better than the value (Hager and Zhang 2005).
/// </summary>
internal sealed class LineSearch(Lbfgs.Objective objective, int size)
{
    private const double Decrease = 1e-4;
    private const double Curvature = 0.9;
    private const double Rounding = 1e-7; // of the objective: what float32 products leave uncertain
    private const int MaxTries = 25;

    /// <summary>The accepted point.</summary>
    public double[] Point { get; } = new double[size];

    /// <summary>The gradient at <see cref="Point"/>.</summary>
    public double[] Gradient { get; } = new double[size];

    /// <summary>The objective at <see cref="Point"/>.</summary>
    public double Value { get; private set; }

    /// <summary>True when such a point was found; <see cref="Point"/>, <see cref="Gradient"/> and <see cref="Value"/> tell it.</summary>
    public bool Run(double[] start, double value, double[] gradient, double[] direction, double step, CancellationToken cancellation)
    {
        double slope = DoubleProducts.Dot(gradient, direction);
        if (!(slope < 0))
        {
            return false;
        }

        var low = new Trial(0, value, slope);
        Trial? high = null;
        for (int i = 0; i < MaxTries; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var trial = Try(start, direction, step);
            bool enough = trial.Value <= value + (Decrease * step * slope) + (Rounding * Math.Abs(value));
            if (enough && Math.Abs(trial.Slope) <= -Curvature * slope)
            {
                return true;
            }

            if (enough && trial.Slope < 0)
            {
                low = trial;
            }
            else
            {
                high = trial;
            }

            step = high is { } bound ? Between(low, bound) : 4 * step;
        }

        if (low.Step == 0)
        {
            return false;
        }

        return Try(start, direction, low.Step).Value < value;
    }

    private static double Between(Trial low, Trial high)
    {
        double width = high.Step - low.Step;
        double d1 = low.Slope + high.Slope - (3 * (low.Value - high.Value) / (low.Step - high.Step));
        double d2 = Math.Sqrt((d1 * d1) - (low.Slope * high.Slope));
        double step = high.Step - (width * ((high.Slope + d2 - d1) / (high.Slope - low.Slope + (2 * d2))));
        return double.IsFinite(step)
            ? Math.Clamp(step, low.Step + (0.1 * width), high.Step - (0.1 * width))
            : low.Step + (0.5 * width);
    }

    private Trial Try(double[] start, double[] direction, double step)
    {
        start.CopyTo(Point, 0);
        DoubleProducts.AddScaled(step, direction, Point);
        Value = objective(Point, Gradient);
        return new Trial(step, Value, DoubleProducts.Dot(Gradient, direction));
    }

    private readonly record struct Trial(double Step, double Value, double Slope);
}
