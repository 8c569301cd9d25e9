namespace OnnxTransfer.Training;

/// <summary>An optimiser within one step graph.</summary>
internal interface IUpdate
{
    /// <summary>Adds the nodes that move one weight; returns its name after the step, followed by its states'.</summary>
    /// <param name="weight">The weight before the step.</param>
    /// <param name="gradient">Its gradient.</param>
    /// <param name="decay">Its weight decay.</param>
    /// <param name="states">Its states before the step, <see cref="Optimizer.States"/> of them.</param>
    string[] Move(string weight, string gradient, double decay, string[] states);
}
