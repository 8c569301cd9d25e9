namespace OnnxTransfer.Training;

/// <summary>How weights follow their gradients: <see cref="Adam"/> or <see cref="Sgd"/>.</summary>
public abstract record Optimizer
{
    private protected Optimizer()
    {
    }

    /// <summary>Tensors kept per weight from step to step, each of its shape, zeros at first.</summary>
    internal abstract int States { get; }

    /// <summary>What is wrong with the settings; null: nothing.</summary>
    internal abstract string? Fault { get; }

    /// <summary>Begins a step: adds what all weights share.</summary>
    internal abstract IUpdate Begin(StepScalars scalars);
}
