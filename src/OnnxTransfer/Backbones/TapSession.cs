using OnnxTransfer.Inference;

namespace OnnxTransfer.Backbones;

/// <summary>A session that computes some of a backbone's taps.</summary>
/// <param name="Session">From pixels to one output per tap.</param>
/// <param name="Taps">Indices of the backbone's taps; output i is tap Taps[i].</param>
/// <param name="Nodes">Operators of the network it runs, poolings not counted.</param>
internal sealed record TapSession(OnnxSession Session, int[] Taps, int Nodes);
