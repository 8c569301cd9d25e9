namespace OnnxTransfer.Training;

/// <summary>Stochastic gradient descent with momentum, as PyTorch's SGD; weight decay x weight is added to the gradient.</summary>
public sealed record Sgd : Optimizer
{
    /// <summary>How much of the last direction stays; 0: none.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Looks a step ahead along the momentum (Nesterov 1983, in the form of Sutskever et al. 2013).</summary>
    public bool Nesterov { get; init; } = true;

    internal override int States => Momentum > 0 ? 1 : 0;

    internal override string? Fault => Momentum is >= 0 and < 1 ? null : $"Momentum = {Momentum}; expected at least 0 and below 1";

    internal override IUpdate Begin(StepScalars scalars) => new Update(this, scalars);

    private sealed class Update(Sgd settings, StepScalars scalars) : IUpdate
    {
        private readonly string _rate = scalars.Rounded(scalars.Rate);

        public string[] Move(string weight, string gradient, double decay, string[] states)
        {
            if (decay != 0)
            {
                gradient = scalars.Add("Add", gradient, scalars.Add("Mul", weight, scalars.Number(decay)));
            }

            if (settings.Momentum == 0)
            {
                return [Moved(gradient)];
            }

            string momentum = scalars.Number(settings.Momentum);
            string velocity = scalars.Add("Add", scalars.Add("Mul", states[0], momentum), gradient);
            return [Moved(settings.Nesterov ? scalars.Add("Add", gradient, scalars.Add("Mul", velocity, momentum)) : velocity), velocity];

            string Moved(string direction) => scalars.Add("Sub", weight, scalars.Add("Mul", direction, _rate));
        }
    }
}
