namespace OnnxTransfer.Training;

/// <summary>
/// Adam (Kingma and Ba 2015) with bias correction, as PyTorch's; weight decay is decoupled from the gradient (AdamW,
/// Loshchilov and Hutter 2019) or, as PyTorch's Adam does, added to it.
/// </summary>
public sealed record Adam : Optimizer
{
    /// <summary>How much of the mean gradient stays from step to step.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The same for the mean squared gradient.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the root of the mean squared gradient.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>True: weights shrink by learning rate x weight decay a step (AdamW); false: weight decay x weight is added to the gradient.</summary>
    public bool Decoupled { get; init; } = true;

    internal override int States => 2;

    internal override string? Fault => Beta1 is >= 0 and < 1 && Beta2 is >= 0 and < 1 && Epsilon > 0 && double.IsFinite(Epsilon)
        ? null
        : $"Beta1 = {Beta1}, Beta2 = {Beta2}, Epsilon = {Epsilon}; expected betas of at least 0 and below 1, Epsilon above 0";

    internal override IUpdate Begin(StepScalars scalars) => new Update(this, scalars);

    // The states are sums of gradients, not means: M = m / (1 - Beta1), V = v / (1 - Beta2), which spares two passes over each.
    // m/(1 - Beta1^t) / (sqrt(v/(1 - Beta2^t)) + Epsilon) is then scale x M / (sqrt(V) + epsilon), with numbers of this step alone.
    private sealed class Update : IUpdate
    {
        private readonly Adam _settings;
        private readonly StepScalars _scalars;
        private readonly string _scale;
        private readonly string _epsilon;

        public Update(Adam settings, StepScalars scalars)
        {
            (_settings, _scalars) = (settings, scalars);
            string root = scalars.Add("Sqrt", Corrected(settings.Beta2)), inner = scalars.Exact(Math.Sqrt(1 / (1 - settings.Beta2)));
            string first = scalars.Add("Div", scalars.Exact(1 - settings.Beta1), Corrected(settings.Beta1));
            string unit = scalars.Add("Mul", root, inner);
            _epsilon = scalars.Rounded(scalars.Add("Mul", unit, scalars.Exact(settings.Epsilon)));
            _scale = scalars.Rounded(scalars.Add("Mul", scalars.Rate, scalars.Add("Mul", first, unit)));
        }

        public string[] Move(string weight, string gradient, double decay, string[] states)
        {
            if (decay != 0 && !_settings.Decoupled)
            {
                gradient = _scalars.Add("Add", gradient, _scalars.Add("Mul", weight, _scalars.Number(decay)));
            }

            string sum = _scalars.Add("Add", _scalars.Add("Mul", states[0], _scalars.Number(_settings.Beta1)), gradient);
            string squares = _scalars.Add("Add", _scalars.Add("Mul", states[1], _scalars.Number(_settings.Beta2)), _scalars.Add("Mul", gradient, gradient));
            string direction = _scalars.Add("Div", sum, _scalars.Add("Add", _scalars.Add("Sqrt", squares), _epsilon));
            if (decay != 0 && _settings.Decoupled)
            {
                string kept = _scalars.Add("Sub", _scalars.Exact(1), _scalars.Add("Mul", _scalars.Rate, _scalars.Exact(decay)));
                weight = _scalars.Add("Mul", weight, _scalars.Rounded(kept));
            }

            return [_scalars.Add("Sub", weight, _scalars.Add("Mul", direction, _scale)), sum, squares];
        }

        // 1 - beta^t, in float64: at small t it is a small difference of numbers near 1.
        private string Corrected(double beta) => _scalars.Add("Sub", _scalars.Exact(1), _scalars.Add("Pow", _scalars.Exact(beta), _scalars.Step));
    }
}
